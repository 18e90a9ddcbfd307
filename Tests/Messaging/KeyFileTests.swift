import Foundation
import TestSupport
import Testing
import Wire
import ZeroMQ

@testable import Messaging

/// Keys and peers as files.
@Suite(.seated) struct KeyFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("xtblish-keys") }

  private func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
    let path = folder.path(name)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    chmod(path, mode)
    return path
  }

  private func mode(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func aKeyComesBackFromItsFileAndIsItsOwnersAlone() throws {
    let key = try BusKey.generate(for: BusPeer(.imageStore, "image-store-1"))
    let path = folder.path("one.bus-key")
    let before = umask(0)
    try key.write(file: path)
    umask(before)
    #expect(mode(of: path) == 0o600)
    let read = try BusKey(file: path)
    #expect(read.peer == key.peer && read.publicKey == key.publicKey)
    #expect(read.keyPair.secretText == key.keyPair.secretText)
  }

  /// As an editor on Windows leaves them.
  @Test func linesMayEndInCRLF() throws {
    let key = try BusKey.generate(for: BusPeer(.operator, "lena"))
    let path = folder.path("one.bus-key")
    try key.write(file: path)
    let text = try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(of: "\n", with: "\r\n")
    let read = try BusKey(file: write(text, to: "windows.bus-key"))
    #expect(read.peer == key.peer && read.keyPair.secretText == key.keyPair.secretText)

    let peers = folder.path("peers")
    try FileManager.default.createDirectory(atPath: peers, withIntermediateDirectories: false)
    _ = try write(
      "role = operator\r\nname = lena\r\nkey = \(key.publicKey.text)\r\n", to: "peers/lena.peer", mode: 0o644)
    #expect(try PeerFolder(peers).read().keys(of: .operator).first == key.publicKey)
  }

  @Test func noDescriptionShowsASecret() throws {
    let key = try BusKey.generate(for: BusPeer(.operator, "lena"))
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", "\(key.keyPair)", String(reflecting: key), String(reflecting: key.keyPair), dumped] {
      #expect(!text.contains(key.keyPair.secretText))
    }
  }

  @Test(arguments: [0o640, 0o604, 0o660, 0o644, 0o601] as [mode_t])
  func aKeyThatOthersMayReadIsRefused(mode: mode_t) throws {
    let path = folder.path("open.bus-key")
    try BusKey.generate(for: BusPeer(.operator, "lena")).write(file: path)
    chmod(path, mode)
    let error = try #require(throws: KeyFileError.self) { try BusKey(file: path) }
    #expect("\(error)".contains("chmod 600"))
    chmod(path, 0o400)
    _ = try BusKey(file: path)
  }

  @Test func aKeyIsNeverOverwritten() throws {
    let path = folder.path("one.bus-key")
    let first = try BusKey.generate(for: BusPeer(.operator, "lena"))
    try first.write(file: path)
    #expect(throws: KeyFileError.self) { try BusKey.generate(for: BusPeer(.operator, "max")).write(file: path) }
    #expect(try BusKey(file: path).publicKey == first.publicKey)
  }

  @Test(arguments: [
    "", "role = operator\nname = lena\n", "role = king\nname = lena\nsecret = S\n",
    "role = operator\nname = ../x\nsecret = S\n",
    "role = operator\nname = lena\nsecret = short\n", "role = operator\nrole = operator\nname = lena\nsecret = S\n",
    "role = operator\nname = lena\nsecret = S\nextra = 1\n", "role operator", String(repeating: "#\n", count: 3_000),
  ])
  func anythingElseIsNoKey(text: String) throws {
    let secret = try CurveKeyPair.generate().secretText
    let path = try write(text.replacing("= S\n", with: "= \(secret)\n"), to: "wrong.bus-key")
    let error = try #require(throws: KeyFileError.self) { try BusKey(file: path) }
    #expect("\(error)".contains(path) && !"\(error)".contains(secret))
  }

  @Test func aFolderWithAWrongFileIsRefusedAtTheStart() throws {
    let peers = folder.path("peers")
    try PeerFolder(peers).make()
    try BusKey.generate(for: BusPeer(.registry, "r")).publish(in: peers)
    _ = try write("role = registry\n", to: "peers/b.peer")
    let error = try #require(throws: KeyFileError.self) { try PeerFolder(peers).read() }
    #expect("\(error)".contains("b.peer"))
  }

  @Test func aKeyThatTwoFilesGiveToDifferentPeersIsRefused() throws {
    let peers = folder.path("peers")
    try PeerFolder(peers).make()
    let key = try BusKey.generate(for: BusPeer(.monitor, "m"))
    try key.publish(in: peers)
    try BusKey(peer: BusPeer(.operator, "m"), keyPair: key.keyPair).remakePeer(file: "\(peers)/a.peer")
    #expect(throws: KeyFileError.self) { try PeerFolder(peers).read() }
    var contents = try PeerFolder(peers).readContents()
    #expect(contents.makePeers()[key.publicKey] == nil)
  }

  @Test func aPrivateFolderBecomesPrivateAndItsKeysAreNewFiles() throws {
    let keys = folder.path("private")
    #expect(mkdir(keys, 0o755) == 0)
    let file = "\(keys)/key"
    _ = try write("old", to: "private/key")
    chmod(file, 0o644)
    let descriptor = open(file, O_RDONLY)
    defer { close(descriptor) }
    try PeerFolder(keys).make(isPrivate: true)
    try BusKey.generate(for: BusPeer(.operator, "local")).remake(file: file)
    #expect(mode(of: keys) == 0o700)
    #expect(mode(of: file) == 0o600)
    // Whoever had the old file open sees nothing of the key.
    var bytes = [UInt8](repeating: 0, count: 100)
    #expect(read(descriptor, &bytes, 100) == 3)
  }

  @Test func whatAnybodyMayWriteIsNotTrusted() throws {
    let peers = folder.path("peers")
    try PeerFolder(peers).make()
    let file = try BusKey.generate(for: BusPeer(.registry, "r")).publish(in: peers)
    chmod(file, 0o666)
    #expect(throws: KeyFileError.self) { try PeerFolder(peers).read() }
    chmod(file, 0o644)
    #expect(try PeerFolder(peers).read().all.count == 1)
    chmod(peers, 0o777)
    #expect(throws: KeyFileError.self) { try PeerFolder(peers).read() }
  }

  /// As Kubernetes mounts a ConfigMap: everybody may write to the folder, and what counts is in one of root's below it.
  @Test(.enabled(if: geteuid() == 0)) func aVolumeOfKubernetesIsTrusted() throws {
    let peers = folder.path("volume")
    let data = "\(peers)/..2026_11_29"
    for path in [peers, data] { mkdir(path, 0o755) }
    try BusKey.generate(for: BusPeer(.registry, "r")).publish(in: data)
    symlink("..2026_11_29", "\(peers)/..data")
    for name in try FileManager.default.contentsOfDirectory(atPath: data) {
      symlink("..data/\(name)", "\(peers)/\(name)")
    }
    chmod(peers, 0o777)
    #expect(try PeerFolder(peers).read().all.count == 1)
    // What somebody puts beside it counts for nothing, and a folder that anybody may write to is none of root's.
    try BusKey.generate(for: BusPeer(.operator, "mallory")).publish(in: peers)
    #expect(try PeerFolder(peers).read().all.map(\.peer.name) == ["r"])
    chmod(data, 0o777)
    #expect(throws: KeyFileError.self) { try PeerFolder(peers).read() }
  }

  @Test func aFileThatIsJustBeingWrittenLocksNobodyOut() async throws {
    let peers = folder.path("peers")
    try PeerFolder(peers).make()
    let (kept, added) = (
      try BusKey.generate(for: BusPeer(.registry, "r")), try BusKey.generate(for: BusPeer(.notifier, "n"))
    )
    let file = try kept.publish(in: peers)
    let watch = try PeerFolderWatch(PeerFolder(peers), logger: .quiet)
    let whole = try String(contentsOfFile: file, encoding: .utf8)
    try String(whole.prefix(60)).write(toFile: file, atomically: false, encoding: .utf8)
    // Seen in the same look as the broken file.
    try added.publish(in: peers)
    try await eventually("the new peer") { watch.table.peers[added.publicKey] != nil }
    #expect(watch.table.peers[kept.publicKey] == kept.peer)
    removeTree(file)
    try await eventually("the removed peer is gone") { watch.table.peers[kept.publicKey] == nil }
    #expect(watch.table.peers[added.publicKey] == added.peer)
  }
}
