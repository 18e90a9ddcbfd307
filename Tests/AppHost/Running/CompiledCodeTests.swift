import AppSupervision
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import Foundations

/// Compiled code is kept, and taken back only if it can be trusted.
@Suite(.seated, .timeLimit(.minutes(10))) struct CompiledCodeTests {
  private func start(_ bed: AppTestBed, _ text: String = eventApp(initialize: "(call $hello) (i32.const 0)"))
    async throws
  {
    let app = try await bed.launch(text)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(history.texts(.app) == ["hello"])
    #expect(history.texts(.host).isEmpty)
  }

  /// Differs between two files of the same name, even if the second one got the number of the first.
  private func identity(_ path: String) throws -> [Int] {
    let status = try file(path)
    return [Int(status.st_ino), Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec)]
  }

  private func file(_ path: String) throws -> stat {
    var status = stat()
    guard stat(path, &status) == 0 else { throw TestFailure("\(path) is missing") }
    return status
  }

  @Test func theSecondStartTakesTheFirstOnesCode() async throws {
    let bed = try AppTestBed()
    try await start(bed)
    #expect(try file(bed.cachePath).st_mode & 0o777 == 0o600)
    let first = try identity(bed.cachePath)
    try await start(bed)
    #expect(try identity(bed.cachePath) == first)
  }

  @Test func anotherModuleIsCompiledAnew() async throws {
    let bed = try AppTestBed()
    try await start(bed)
    let first = try identity(bed.cachePath)
    try await start(bed, eventApp(initialize: "(call $hello) (nop) (i32.const 0)"))
    #expect(try identity(bed.cachePath) != first)
  }

  @Test(arguments: [0, 8, 40, 72, 5000])
  func damagedCodeIsReplaced(offset: Int) async throws {
    let bed = try AppTestBed()
    try await start(bed)
    let descriptor = open(bed.cachePath, O_RDWR)
    var byte: UInt8 = 0
    pread(descriptor, &byte, 1, off_t(offset))
    byte ^= 0x40
    pwrite(descriptor, &byte, 1, off_t(offset))
    close(descriptor)
    try await start(bed)
    let again = open(bed.cachePath, O_RDONLY)
    defer { close(again) }
    var mended: UInt8 = 0
    #expect(pread(again, &mended, 1, off_t(offset)) == 1 && mended == byte ^ 0x40)
  }

  @Test func tornCodeIsReplaced() async throws {
    let bed = try AppTestBed()
    try await start(bed)
    #expect(truncate(bed.cachePath, 30) == 0)
    try await start(bed)
    #expect(try file(bed.cachePath).st_size > 1000)
  }

  @Test func codeThatOthersMayWriteIsNotLoaded() async throws {
    let bed = try AppTestBed()
    try await start(bed)
    chmod(bed.cachePath, 0o666)
    try await start(bed)
    #expect(try file(bed.cachePath).st_mode & 0o777 == 0o600)
  }

  @Test func aLinkIsNotFollowed() async throws {
    let bed = try AppTestBed()
    try await start(bed)
    let elsewhere = bed.folder.path("elsewhere")
    #expect(rename(bed.cachePath, elsewhere) == 0)
    #expect(symlink(elsewhere, bed.cachePath) == 0)
    try await start(bed)
    var status = stat()
    #expect(lstat(bed.cachePath, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
  }

  @Test func withoutAPlaceForItTheAppStillStarts() async throws {
    let bed = try AppTestBed()
    try bed.write(try await assemble(eventApp(initialize: "(call $hello) (i32.const 0)")), to: bed.modulePath)
    let app = try await bed.launcher.launch(
      AppLaunch(
        modulePath: bed.modulePath, compiledCachePath: bed.folder.path("no/such/folder"), deviceID: [], version: 1))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    #expect(history.texts(.host).contains { $0.contains("compiles again") })
  }
}
