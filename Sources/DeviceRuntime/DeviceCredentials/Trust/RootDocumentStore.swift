package import Curl
import DeviceProtocol
package import DeviceStorage
package import Foundations
package import RootDocument
import Synchronization

/// The root documents that a device knows, from the one that its fuses name to the newest, each in a file of its own.
///
/// Older ones are kept: an app that was taken while a key was good goes on running when the key is not any more.
package actor RootDocumentStore {
  private struct State: Sendable {
    var chain: RootDocumentChain
    /// The documents, oldest first.
    var documents: [RootDocument]
  }

  private let flash: any Flash
  private let urls: [String]
  private let http: HTTPClient
  private nonisolated let state: Mutex<State>
  private var running: Task<Refreshed, Never>?
  private nonisolated let executor = BlockingExecutor(label: "root-documents")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - flash: the folder of the documents, and of nothing else.
  ///   - pin: SHA-256 of the first, as burnt.
  ///   - urls: base URLs of Provisioners.
  /// - Throws: `RootDocumentError`, `FlashError`, or `IdentityError` if the first is not there.
  package init(flash: any Flash, pin: SHA256Digest, urls: [String], http: HTTPClient) throws {
    self.flash = flash
    self.urls = urls
    self.http = http
    state = Mutex(try Self.load(flash, pin))
  }

  /// Keeps the document that a device enrolled with. Durable when this returns.
  package static func save(first bytes: [UInt8], to flash: any Flash) throws {
    let document = try SignedRootDocument(decoding: bytes).document
    try flash.replace(fileName(document.version), with: bytes)
  }

  static func fileName(_ version: UInt64) -> String { "\(version).json" }

  /// What comes after a gap, or after a document that is damaged, is fetched again.
  private static func load(_ flash: any Flash, _ pin: SHA256Digest) throws -> State {
    let versions = try flash.list().compactMap { name in
      UInt64(name.prefix { $0 != "." }).flatMap { fileName($0) == name ? $0 : nil }
    }
    // The first is the one with the pin; a device that enrolled anew may have older ones of another life.
    for version in versions.sorted() {
      guard let bytes = try? flash.readAll(fileName(version), maximumBytes: SignedRootDocument.maximumBytes),
        var chain = try? RootDocumentChain(pinnedTo: pin, first: bytes)
      else { continue }
      var documents = [chain.latest.document]
      while let next = try? flash.readAll(
        fileName(chain.latest.document.version + 1), maximumBytes: SignedRootDocument.maximumBytes),
        (try? chain.append(next)) != nil
      {
        documents.append(chain.latest.document)
      }
      return State(chain: chain, documents: documents)
    }
    throw IdentityError.unreadable("the root document that the OTP bank names is not there, or damaged")
  }

  /// The newest document, unless it has expired.
  nonisolated package func current(at now: UTCTime) throws(RootDocumentError) -> RootDocument {
    try state.withLock { state throws(RootDocumentError) in try state.chain.document(at: now) }
  }

  /// The version of the newest document.
  nonisolated var latestVersion: UInt64 { state.withLock { $0.chain.latest.document.version } }

  /// All documents, oldest first, whether expired or not.
  nonisolated package var all: [RootDocument] { state.withLock { $0.documents } }

  /// What looking for newer documents gave.
  package enum Refreshed: Sendable, Equatable {
    /// So many newer documents were there, which may be none; always none where there is no Provisioner to ask.
    case taken(Int)
    /// Nobody could be asked, or what was answered is not the next document.
    case failed(reason: String, taken: Int)
  }

  /// Fetches the documents after the newest, one after the other, until there is none. If several ask at once, all get
  /// the same answer.
  package func refresh() async -> Refreshed {
    if let running { return await running.value }
    let task = Task { await fetchAll() }
    running = task
    defer { running = nil }
    return await task.value
  }

  private func fetchAll() async -> Refreshed {
    var taken = 0
    while true {
      switch await fetchNext() {
      case .none: return .taken(taken)
      case .failed(let reason): return .failed(reason: reason, taken: taken)
      case .some(let bytes):
        do {
          try take(bytes)
          taken += 1
        } catch {
          return .failed(reason: "\(error)", taken: taken)
        }
      }
    }
  }

  private enum Answer {
    case some([UInt8])
    case none
    case failed(String)
  }

  private func fetchNext() async -> Answer {
    guard !urls.isEmpty else { return .none }
    let version = latestVersion + 1
    var problem = ""
    for url in urls {
      let request = HTTPClient.Request(
        "GET", url.withoutSlash + DeviceRoute.path(rootDocument: version),
        timeouts: HTTPClient.Timeouts(connect: .seconds(5), total: .seconds(15)),
        maximumResponseBytes: SignedRootDocument.maximumBytes)
      do throws(CurlError) {
        let response = try await http.request(request)
        if response.isSuccess { return .some(response.body) }
        if response.status == 404 { return .none }
        problem = "\(request.url) answered \(response.status)"
      } catch {
        problem = error.message
      }
    }
    return .failed(problem)
  }

  private func take(_ bytes: [UInt8]) throws {
    var chain = state.withLock { $0.chain }
    try chain.append(bytes)
    let document = chain.latest.document
    try flash.replace(Self.fileName(document.version), with: bytes)
    state.withLock { state in
      state.chain = chain
      state.documents.append(document)
    }
  }
}
