package import CertificateAuthority
import Curl
import DeviceProtocol
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
  /// The largest answer that is taken: lists of some millions of entries.
  private static let maximumBytes = 256 << 20

  /// - Parameters:
  ///   - provisioner: its base URL.
  ///   - caFile: the roots that its certificate must lead to; nil for those of the operating system.
  package init(provisioner: String, folder: RevocationDirectory, caFile: String?, logger: Logger = Self.plainLogger) {
    var base = provisioner
    while base.hasSuffix("/") { base.removeLast() }
    self.provisioner = base
    self.folder = folder
    self.logger = logger
    let tls = caFile.map { HTTPTLS(caFile: $0) } ?? .system
    client = HTTPClient(HTTPClient.Configuration(maximumConnections: 2, tls: tls))
  }

  /// As services write, since the command has no settings to say otherwise.
  package static let plainLogger = Logger(label: "crl") { ServiceLogHandler(label: $0, level: .info, format: .text) }

  /// Follows until a signal asks for the end.
  package func serve() async throws {
    try await ServiceHost.run(name: "crl", logger: logger, services: [Following(following: self)])
  }

  /// What a Provisioner told so far.
  package struct Known: Sendable {
    var tag: String
    var lists: [CertificateRevocationList]
  }

  /// Follows until the task is cancelled; a Provisioner that does not answer is asked again.
  package func run() async {
    var known: Known?
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
  /// - Parameter known: what the folder has.
  /// - Returns: what it has now.
  package func step(known: Known?) async throws -> Known? {
    let wait = known == nil ? 0 : Self.waitSeconds
    let since = known.map { "&since=\($0.tag.filter { $0 != "\"" })" } ?? ""
    let headers = known.map { [HTTPClient.Header("If-None-Match", $0.tag)] } ?? []
    let answer = try await get("/v1/crl?wait=\(wait)\(since)", headers, seconds: wait + 30)
    guard answer.status != 304 else {
      try folder.noteFollowed()
      return known
    }
    let news = try CertificateRevocationList.all(pem: answer.body)
    // Only what is new, if the Provisioner says that it is.
    let before = answer["Delta-Base"] != nil && answer["Delta-Base"] == known?.tag ? known?.lists ?? [] : []
    let lists = try Self.inUse(before + news)
    // Not what leads from one to the other.
    let trusted = try await get(DeviceRoute.trustRoots.rawValue, [], seconds: 10)
    let roots = try X509Certificate.all(pem: trusted.body).filter {
      $0.issuerCommonName == $0.commonName
    }
    guard !roots.isEmpty, !lists.isEmpty else {
      throw AuthorityError("\(provisioner) has no roots or CRLs yet: it may be starting")
    }
    try folder.write(roots: roots, lists: lists)
    try folder.noteFollowed()
    logger.info("revocations written", metadata: ["count": "\(news.count)", "state": "\(answer["ETag"] ?? "")"])
    return answer["ETag"].map { Known(tag: $0, lists: lists) }
  }

  /// The lists without those whose entries a later list about everything has. The first of an issuer stays.
  static func inUse(_ lists: [CertificateRevocationList]) throws -> [CertificateRevocationList] {
    var kept: [(hash: String, list: CertificateRevocationList)] = []
    for list in lists {
      let hash = try list.issuerHash
      if !list.isPartial, let first = kept.firstIndex(where: { $0.hash == hash }) {
        kept = kept.enumerated().filter { $0.offset <= first || $0.element.hash != hash }.map(\.element)
      }
      kept.append((hash, list))
    }
    return kept.map(\.list)
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
