import Curl
import FoundationEssentials
package import Logging
import OpenSSL
import ServiceKit
import ServiceLifecycle

/// Keeps a folder with CRLs and roots as a Provisioner has them, over HTTP: beside a broker on another machine.
package struct RevocationFollowing: Sendable {
  private let provisioner: String
  private let folder: RevocationDirectory
  private let client: HTTPClient
  private let logger: Logger
  private static let waitSeconds = 20
  private static let maximumBytes = 32 << 20

  /// - Parameters:
  ///   - provisioner: its base URL.
  ///   - caFile: the roots that its certificate must lead to; nil for those of the operating system.
  package init(provisioner: String, folder: RevocationDirectory, caFile: String?, logger: Logger = Logger(label: "crl"))
  {
    var base = provisioner
    while base.hasSuffix("/") { base.removeLast() }
    self.provisioner = base
    self.folder = folder
    self.logger = logger
    let tls = caFile.map { HTTPTLS(caFile: $0) } ?? .system
    client = HTTPClient(HTTPClient.Configuration(maximumConnections: 2, tls: tls))
  }

  /// Follows until a signal asks for the end.
  package func serve() async throws {
    try await ServiceHost.run(name: "crl", logger: logger, services: [Following(following: self)])
  }

  /// Follows until the task is cancelled; a Provisioner that does not answer is asked again.
  package func run() async {
    var known: String?
    var isFailing = false
    while !Task.isCancelled {
      do {
        known = try await step(known: known)
        if isFailing { logger.info("the Provisioner answers again") }
        isFailing = false
      } catch {
        if !isFailing && !Task.isCancelled {
          logger.warning("revocations can't be had", metadata: ["error": "\(error)"])
        }
        isFailing = true
        try? await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  /// Asks once, and writes what is new.
  ///
  /// - Parameter known: the state that the folder has.
  /// - Returns: the state that it has now.
  package func step(known: String?) async throws -> String? {
    let wait = known == nil ? 0 : Self.waitSeconds
    let headers = known.map { [HTTPClient.Header("If-None-Match", $0)] } ?? []
    let answer = try await get("/v1/crl?wait=\(wait)", headers, seconds: wait + 10)
    if answer.status == 304 { return known }
    let lists = try CertificateRevocationList.all(pem: answer.body)
    let roots = try X509Certificate.all(pem: try await get("/v1/ca", [], seconds: 10).body)
    guard !roots.isEmpty, !lists.isEmpty else {
      throw AuthorityError("\(provisioner) has no roots or CRLs yet: it may be starting")
    }
    try folder.write(roots: roots, lists: lists)
    logger.info("revocations written", metadata: ["lists": "\(lists.count)", "state": "\(answer["ETag"] ?? "")"])
    return answer["ETag"]
  }

  private func get(
    _ path: String, _ headers: [HTTPClient.Header], seconds: Int
  ) async throws -> HTTPClient.Response {
    // A server that waits is silent for long.
    let timeouts = HTTPClient.Timeouts(lowSpeed: .seconds(seconds), total: .seconds(seconds))
    let answer = try await client.request(
      HTTPClient.Request(
        "GET", provisioner + path, headers: headers, timeouts: timeouts, maximumResponseBytes: Self.maximumBytes))
    guard answer.status == 200 || answer.status == 304 else {
      throw AuthorityError("\(provisioner)\(path) answered \(answer.status): \(answer.text.prefix(200))")
    }
    return answer
  }
}

private struct Following: Service {
  let following: RevocationFollowing

  func run() async throws {
    await cancelWhenGracefulShutdown { await following.run() }
  }
}
