import BlobStorage
import Curl
import FirmwareImage
import Foundation
import Foundations
import ImageStoreServer
import Logging
import Messaging
import ServiceHTTP
import ServiceKit
import ServiceLifecycle
import TestSupport

/// An image store with its real HTTP server, in this process, over a directory of its own.
struct RunningStore: Sendable {
  let registry: ScriptedRegistry
  let directory: TemporaryFolder
  let port: Int
  let client: HTTPClient
  /// Nil without TLS.
  let authority: TestTrustChain?
  let revocations: RevocationList

  var url: String { "http\(authority == nil ? "" : "s")://127.0.0.1:\(port)" }

  /// Runs `body` with a store that ends with it.
  static func with(
    maximumBytes: Int = 4 << 20, maximumUploads: Int = 64, directory: TemporaryFolder? = nil,
    blobs: (any BlobStore)? = nil, isSecure: Bool = false, publishers: PublisherPolicy = .unchecked,
    _ body: @escaping @Sendable (RunningStore) async throws -> Void
  ) async throws {
    let directory = try directory ?? TemporaryFolder("xtblish-image-store")
    let files = blobs == nil ? try await FileBlobStore(directory: directory.path) : nil
    let registry = ScriptedRegistry()
    guard let store: any BlobStore = blobs ?? files else { return }
    let index: any DebugIndex = files.map { FileDebugIndex(store: $0) } ?? InMemoryDebugIndex()
    let logger = Logger(label: "image-store-test") { _ in SwiftLogNoOpLogHandler() }
    let authority = isSecure ? try TestTrustChain() : nil
    let own = try authority?.server("image-store")
    let security = try HTTPSecurity(
      TLSSettings(
        files: authority.flatMap { authority in
          own.map { TLSFiles(certificate: $0.certificateFile, key: $0.keyFile, roots: authority.rootsFile) }
        }), role: "image-store", isInsecure: !isSecure, authorizer: RegistryAuthorizer(registry), provisioner: nil,
      logger: logger)
    if let authority { try security.revocations.replace(with: [authority.revocationList([])]) }
    let api = ImageStoreAPI(
      blobs: store, debugIndex: index, registry: registry, provisioner: registry, access: security.access,
      publishers: publishers, maximumBytes: maximumBytes, maximumUploads: maximumUploads)
    let router = makeRouter()
    api.addRoutes(to: router)
    let http = makeHTTPService(
      name: "image-store", listen: ListenAddress(host: "127.0.0.1", port: 0), router: router,
      tls: security.tls, logger: logger)
    let group = ServiceGroup(configuration: .init(services: [http], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let running = RunningStore(
        registry: registry, directory: directory, port: try await http.boundPort,
        client: Self.client(authority), authority: authority, revocations: security.revocations)
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body(running)) } catch { outcome = .failure(error) }
      running.client.close()
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      try outcome.get()
    }
    await files?.close()
  }

  /// A client with a certificate, or without one.
  static func client(_ authority: TestTrustChain?, as identity: TestTrustChain.Identity? = nil) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    if let authority {
      configuration.tls = HTTPTLS(
        caFile: authority.rootsFile, certificateFile: identity?.certificateFile, keyFile: identity?.keyFile)
    }
    return HTTPClient(configuration)
  }

  /// - Parameter other: a client to use instead of the one without a certificate.
  func request(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil, by other: HTTPClient? = nil
  ) async throws -> HTTPClient.Response {
    try await (other ?? client).request(
      HTTPClient.Request(
        method, url + path, headers: headers.map { .init($0.key, $0.value) }, body: body.map { .bytes($0) } ?? .none,
        maximumResponseBytes: 128 << 20))
  }

  func post(_ body: [UInt8], to device: DeviceID, headers: [String: String] = [:]) async throws -> HTTPClient.Response {
    try await request("POST", "/firmware/\(device)", headers: headers, body: body)
  }

  /// Everything below the store's directory that is a file.
  var files: [String] {
    let all = FileManager.default.enumerator(atPath: directory.path)?.allObjects as? [String] ?? []
    return all.filter {
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(directory.path)/\($0)", isDirectory: &isDirectory)
        && !isDirectory.boolValue
    }
  }

  func path(of digest: SHA256Digest) -> String {
    "\(directory.path)/images/\(digest.hex.prefix(2))/\(digest.hex)"
  }
}

extension HTTPClient.Response {
  /// The body as a JSON object.
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
  }

  /// The word for programs in a problem document; nil for anything else.
  var problem: String? {
    guard self["content-type"] == "application/problem+json", json["status"] as? Int == status else { return nil }
    return json["reason"] as? String
  }
}
