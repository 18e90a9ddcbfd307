import Foundation
import TestSupport
import Testing

@testable import Foundations

@Suite(.seated) struct SmallFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("small-files") }

  private func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
    let path = folder.path(name)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    chmod(path, mode)
    return path
  }

  private func problem(
    _ path: String, _ access: SmallFile.Access, maximumBytes: Int = 100
  ) -> SmallFileError.Problem? {
    do throws(SmallFileError) {
      _ = try SmallFile.contents(of: path, access, maximumBytes: maximumBytes)
      return nil
    } catch {
      return error.problem
    }
  }

  @Test(
    arguments: [
      (0o600, 1_000, 1_000, true), (0o400, 1_000, 1_000, true), (0o600, 0, 1_000, true), (0o600, 1_001, 1_000, false),
      // As Kubernetes mounts Secrets.
      (0o440, 0, 1_000, true), (0o640, 0, 1_000, true), (0o460, 0, 1_000, false), (0o444, 0, 1_000, false),
      (0o440, 1_000, 1_000, false), (0o440, 0, 0, false),
    ] as [(mode_t, uid_t, uid_t, Bool)])
  func whoMayReadASecret(mode: mode_t, owner: uid_t, user: uid_t, isSecret: Bool) {
    #expect(SmallFile.isSecret(mode: mode, owner: owner, user: user) == isSecret)
  }

  @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o601] as [mode_t])
  func whatOthersMayUseIsNoSecretAndItsOwnUsersIsOne(mode: mode_t) throws {
    let path = try write("secret", to: "one", mode: mode)
    #expect(problem(path, .secret) == .openToOthers)
    #expect(problem(path, .secretAlsoForRoot) == .openToOthers)
    let error = try #require(throws: SmallFileError.self) { try SmallFile.check(path, .secret) }
    #expect("\(error)".contains("chmod 600"))
    #expect(problem(path, .notWorldWritable) == nil && problem(path, .anybody) == nil)
    chmod(path, 0o400)
    try SmallFile.check(path, .secret)
    #expect(try SmallFile.contents(of: path, .secret, maximumBytes: 100) == Array("secret".utf8))
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
  func rootUsesWhatIsAnotherUsersOnlyWhereThatIsMeant() throws {
    let path = try write("secret", to: "one")
    #expect(chown(path, 1_001, 1_001) == 0)
    #expect(problem(path, .secret) == .ofAnotherUser)
    #expect(problem(path, .secretAlsoForRoot) == nil)
    chmod(path, 0o640)
    #expect(problem(path, .secretAlsoForRoot) == .openToOthers)
  }

  @Test func whatAnybodyMayWriteIsRefusedWhereThatMatters() throws {
    let path = try write("list", to: "one", mode: 0o646)
    #expect(problem(path, .notWorldWritable) == .worldWritable)
    #expect(problem(path, .anybody) == nil)
  }

  @Test func aFileHasABound() throws {
    let path = try write("12345", to: "one")
    #expect(problem(path, .anybody, maximumBytes: 5) == nil)
    #expect(problem(path, .anybody, maximumBytes: 4) == .tooLong(4))
    // Of unknown length, and longer than it says.
    #expect(try !SmallFile.contents(of: "/proc/self/status", .anybody, maximumBytes: 1 << 16).isEmpty)
    #expect(problem("/proc/self/status", .anybody, maximumBytes: 20) == .tooLong(20))
  }

  @Test func whatIsNoFileIsNotWaitedFor() throws {
    #expect(problem(folder.path, .anybody) == .notAFile)
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(problem(pipe, .secret) == .notAFile)
    #expect(problem(folder.path("none"), .secret) == .failed(call: "open", errno: ENOENT))
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test(arguments: [(NewFile.Readers.owner, 0o600), (.everybody, 0o644)] as [(NewFile.Readers, mode_t)])
  func whatIsMadeHasItsReadersAndReplacesNothing(_ readers: NewFile.Readers, _ expected: mode_t) throws {
    let path = folder.path("made")
    try SmallFile.create(path, Array("one".utf8), for: readers)
    #expect(mode(path) == expected)
    let error = try #require(throws: SmallFileError.self) {
      try SmallFile.create(path, Array("two".utf8), for: readers)
    }
    #expect(error.problem == .exists && "\(error)".contains(path))
    #expect(try SmallFile.contents(of: path, .anybody, maximumBytes: 10) == Array("one".utf8))
    // Nor does it write where a link leads.
    let link = folder.path("link")
    #expect(symlink(folder.path("elsewhere"), link) == 0)
    #expect(throws: SmallFileError.self) { try SmallFile.create(link, [], for: readers) }
    #expect(mode(folder.path("elsewhere")) == 0)
  }

  @Test func whatIsReplacedIsWholeAndNothingElseRemains() throws {
    let path = try write("old, which others may read", to: "one", mode: 0o644)
    try SmallFile.replace(path, Array("new".utf8), for: .owner)
    #expect(mode(path) == 0o600)
    try SmallFile.remake(path, Array("newer".utf8), for: .owner)
    #expect(try SmallFile.contents(of: path, .secret, maximumBytes: 10) == Array("newer".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["one"])
  }

  @Test(arguments: [false, true]) func whatCanNotBeWrittenNamesCallAndPath(replaces: Bool) throws {
    let path = folder.path("none/key")
    let error = try #require(throws: SmallFileError.self) {
      if replaces {
        try SmallFile.replace(path, [1], for: .owner)
      } else {
        try SmallFile.create(path, [1], for: .owner)
      }
    }
    #expect(error.problem == .failed(call: "create", errno: ENOENT) && error.path == path)
    #expect("\(error)".contains("create") && "\(error)".contains(path))
  }

  /// The kernel's own folder is one.
  @Test func aFolderThatCanNotBeSynchronizedIsNoReasonToFail() throws {
    let descriptor = open("/proc/self", O_RDONLY | O_DIRECTORY)
    defer { close(descriptor) }
    #expect(fsync(descriptor) == -1 && errno == EINVAL)
    try SmallFile.synchronizeFolder(of: "/proc/self/file")
  }

  @Test func aNewFileThatIsDiscardedIsGone() throws {
    let file = try NewFile(folder.path("taken-back"), for: .owner)
    file.discard()
    #expect(mode(file.path) == 0)
  }
}
