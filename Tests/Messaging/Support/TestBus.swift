import Logging
import Messaging
import TestSupport
import Testing
import Wire

/// Key files of a small installation: a folder of peers, and the secrets beside it.
struct TestBus {
  let folder: TemporaryFolder
  var peersPath: String { folder.path("peers") }

  init() throws {
    folder = try TemporaryFolder("xtblish-bus")
    try PeerFolder(peersPath).make()
  }

  /// Makes a key, and lets it in unless it is to stay unknown.
  @discardableResult
  func makeKey(_ role: BusRole, _ name: String, isKnown: Bool = true) throws -> TestKey {
    let key = try BusKey.generate(for: BusPeer(role, name))
    let file = folder.path("\(key.peerFileName).bus-key")
    try key.write(file: file)
    return TestKey(key: key, file: file, peerFile: isKnown ? try key.publish(in: peersPath) : nil)
  }

  /// The bus as a process with this key sees it.
  func join(_ key: TestKey) throws -> Bus {
    try Bus(keyFile: key.file, peersFolder: peersPath, logger: .quiet)
  }

  func join(_ role: BusRole, _ name: String) throws -> Bus { try join(makeKey(role, name)) }

  /// Takes a key back.
  func remove(_ key: TestKey) { if let file = key.peerFile { removeTree(file) } }
}

struct TestKey {
  let key: BusKey
  let file: String
  let peerFile: String?
}

/// A bus with fixed peers of which each knows the others.
func fixedBus(_ role: BusRole, _ name: String, among keys: [BusKey]) throws -> Bus {
  let key = try #require(keys.first { $0.peer == BusPeer(role, name) })
  return Bus(key: key, peers: PeerTable(BusPeers(keys)))
}
