import Curl
import FirmwareImage
import Foundations
import OpenSSL
import RootDocument
import Synchronization
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceStorage

@Suite(.seated) struct RootDocumentStoreTests {
  /// What a server has, by version.
  final class Documents: Sendable {
    private let byVersion: Mutex<[UInt64: [UInt8]]>

    init(_ documents: [UInt64: [UInt8]]) { byVersion = Mutex(documents) }

    subscript(version: UInt64) -> [UInt8]? {
      get { byVersion.withLock { $0[version] } }
      set { byVersion.withLock { $0[version] = newValue } }
    }
  }

  /// A server of root documents, as a Provisioner is one.
  struct Server: Sendable {
    let documents: Documents
    let http: ScriptedHTTPServer

    init(_ initial: [UInt64: [UInt8]] = [:]) throws {
      let documents = Documents(initial)
      self.documents = documents
      http = try ScriptedHTTPServer { request, connection in
        let version = request.path.split(separator: "/").last.flatMap { UInt64($0) } ?? 0
        if let bytes = documents[version] {
          connection.respond(200, body: bytes)
        } else {
          connection.respond(404)
        }
      }
    }
  }

  static func store(
    _ flash: any Flash, pin first: [UInt8], urls: [String] = []
  ) throws -> RootDocumentStore {
    try RootDocumentStore(flash: flash, pin: SHA256Digest.of(first), urls: urls, http: HTTPClient())
  }

  @Test func aDeviceThatSleptThroughTwoRotationsCatchesUp() async throws {
    var signers = try TestSigners()
    let first = try signers.document(1)
    let old = signers.rootKeys
    // Every root key is another one two documents later.
    signers.rootKeys = [old[0], old[1], try Ed25519.PrivateKey()]
    let second = try signers.document(2)
    let (third, fourth) = (try Ed25519.PrivateKey(), try Ed25519.PrivateKey())
    let between = signers.rootKeys
    signers.rootKeys = [between[2], third, fourth]
    signers.director = try Ed25519.PrivateKey()
    let last = try signers.document(3, signedBy: between + [third])
    let server = try Server([2: second, 3: last])

    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: first, to: flash)
    let store = try Self.store(flash, pin: first, urls: [server.http.url])
    #expect(store.latestVersion == 1)
    #expect(await store.refresh() == .taken(2))
    #expect(try store.current(at: .now).directors == [TestSigners.trusted(signers.director)])
    // The next start knows them, and asks for the one after.
    let again = try Self.store(flash, pin: first, urls: [server.http.url])
    #expect(again.latestVersion == 3)
    #expect(again.all.map(\.version) == [1, 2, 3])
    #expect(await again.refresh() == .taken(0))
    #expect(server.http.requests.last?.path == "/v1/root-documents/4")
  }

  @Test func twoThatAskAtOnceGetOneAnswer() async throws {
    let signers = try TestSigners()
    let first = try signers.document(1)
    let server = try Server([2: try signers.document(2), 3: try signers.document(3)])
    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: first, to: flash)
    let store = try Self.store(flash, pin: first, urls: [server.http.url])
    async let one = store.refresh()
    async let other = store.refresh()
    for refreshed in await [one, other] { #expect([.taken(2), .taken(0)].contains(refreshed)) }
    #expect(store.latestVersion == 3)
  }

  @Test func whatIsNotTheNextDocumentIsNotTaken() async throws {
    let signers = try TestSigners()
    let stranger = try TestSigners()
    let first = try signers.document(1)
    let forgeries: [(String, [UInt8])] = [
      ("below threshold", try signers.document(2, signedBy: [signers.rootKeys[0]])),
      ("twice the same key", try signers.document(2, signedBy: [signers.rootKeys[0], signers.rootKeys[0]])),
      ("a stranger's", try stranger.document(2)),
      ("signed by a stranger", try signers.document(2, signedBy: stranger.rootKeys)),
      ("rolled back", first), ("a step too far", try signers.document(3)), ("no document", Array("{}".utf8)),
    ]
    for (what, bytes) in forgeries {
      let flash = InMemoryFlash()
      try RootDocumentStore.save(first: first, to: flash)
      let server = try Server([2: bytes])
      let store = try Self.store(flash, pin: first, urls: [server.http.url])
      guard case .failed(let reason, taken: 0) = await store.refresh() else {
        Issue.record("\(what) was taken")
        continue
      }
      #expect(reason.hasPrefix("the root document "), "\(what): \(reason)")
      #expect(server.http.requests.count == 1, "\(what)")
      #expect(store.latestVersion == 1, "\(what)")
      #expect(try flash.list() == ["1.json"], "\(what)")
    }
  }

  @Test func anExpiredDocumentLeadsToTheNextAndIsGoodForNothingElse() async throws {
    let signers = try TestSigners()
    let past = UTCTime(secondsSince1970: UTCTime.now.secondsSince1970 - 1)
    let first = try signers.document(1, expires: past)
    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: first, to: flash)
    let server = try Server()
    let store = try Self.store(flash, pin: first, urls: [server.http.url])
    #expect(throws: RootDocumentError.self) { try store.current(at: .now) }
    #expect(await store.refresh() == .taken(0))
    #expect(throws: RootDocumentError.self) { try store.current(at: .now) }
    server.documents[2] = try signers.document(2)
    #expect(await store.refresh() == .taken(1))
    #expect(try store.current(at: .now).version == 2)
  }

  @Test func aFirstDocumentThatTheFusesDoNotNameIsRefused() throws {
    let signers = try TestSigners()
    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: try signers.document(1), to: flash)
    #expect(throws: IdentityError.self) { try Self.store(flash, pin: try TestSigners().document(1)) }
    #expect(throws: IdentityError.self) { try Self.store(InMemoryFlash(), pin: try signers.document(1)) }
  }

  @Test(arguments: [4, SignedRootDocument.maximumBytes + 1]) func aDamagedDocumentIsFetchedAgain(
    bytes: Int
  ) async throws {
    let signers = try TestSigners()
    let (first, second) = (try signers.document(1), try signers.document(2))
    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: first, to: flash)
    try flash.write([UInt8](repeating: 0x7B, count: bytes).span.bytes, to: "2.json", at: 0)
    let server = try Server([2: second])
    let store = try Self.store(flash, pin: first, urls: [server.http.url])
    #expect(store.latestVersion == 1)
    #expect(await store.refresh() == .taken(1))
    #expect(server.http.requests.map(\.path) == ["/v1/root-documents/2", "/v1/root-documents/3"])
    #expect(try flash.readAll("2.json", maximumBytes: 1 << 20) == second)
  }

  @Test func aServerThatFailsIsPassedOver() async throws {
    let signers = try TestSigners()
    let first = try signers.document(1)
    let flash = InMemoryFlash()
    try RootDocumentStore.save(first: first, to: flash)
    let broken = try ScriptedHTTPServer { _, connection in connection.respond(503) }
    let good = try Server([2: try signers.document(2)])
    let store = try Self.store(flash, pin: first, urls: [broken.url, good.http.url + "/"])
    #expect(await store.refresh() == .taken(1))
    #expect(good.http.requests.count == 2)
    let alone = try Self.store(InMemoryFlash(copying: flash), pin: first, urls: [broken.url])
    guard case .failed(let reason, taken: 0) = await alone.refresh() else {
      Issue.record("nobody was there, and it was not said")
      return
    }
    #expect(reason.contains("503"))
    #expect(broken.requests.count == 3)
  }
}

extension InMemoryFlash {
  fileprivate convenience init(copying other: InMemoryFlash) throws {
    self.init()
    for name in try other.list() {
      let bytes = try other.readAll(name, maximumBytes: 1 << 20) ?? []
      try write(bytes.span.bytes, to: name, at: 0)
    }
  }
}
