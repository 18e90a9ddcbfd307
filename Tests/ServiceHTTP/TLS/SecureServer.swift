import Foundation
import Hummingbird
import Logging
import ServiceHTTP
import ServiceKit
import Synchronization
import TestSupport

/// A listening server with TLS, and what tests do to it.
struct SecureServer: Sendable {
  let port: Int
  let authority: TestTrustChain
  let revocations: RevocationList
  let tls: ServerTLS
  /// How many requests reached a handler.
  let requests: Counted
  let gate: Gate

  /// A route `/who` that tells who the client is, `/hold` that answers when the gate opens, `/sum` that takes a body and
  /// tells how long it was, and those of `routes`.
  static func with<T: Sendable>(
    limits: HTTPLimits = .standard, routes: (Router<HTTPContext>) -> Void = { _ in },
    _ body: (SecureServer) async throws -> T
  ) async throws -> T {
    let (requests, gate, router) = (Counted(), Gate(), makeRouter())
    router.get("/who") { _, context in
      requests.add()
      return "\(context.peer.map { "\($0)" } ?? "nobody") \(ObjectIdentifier(context.channel).hashValue)"
    }
    router.get("/hold") { _, context in
      requests.add()
      try await gate.wait()
      return context.peer.map { "\($0)" } ?? "nobody"
    }
    router.post("/sum") { request, _ in
      requests.add()
      var sum = 0
      for try await part in request.body { sum += part.readableBytes }
      return "\(sum)"
    }
    routes(router)
    let authority = try TestTrustChain()
    let own = try authority.server()
    let revocations = RevocationList()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let tls = try ServerTLS(
      files: TLSFiles(certificate: own.certificateFile, key: own.keyFile, roots: authority.rootsFile),
      revocations: revocations, logger: logger)
    let service = makeHTTPService(
      name: "test", listen: ListenAddress(host: "127.0.0.1", port: 0), router: router, limits: limits, tls: tls,
      logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      defer {
        gate.open()
        group.cancelAll()
      }
      let port = try await service.boundPort
      return try await body(
        SecureServer(
          port: port, authority: authority, revocations: revocations, tls: tls, requests: requests, gate: gate))
    }
  }

  /// Starts curl.
  func startCurl(_ path: String, as identity: TestTrustChain.Identity? = nil, _ more: [String] = []) throws
    -> ChildProcess
  {
    try ChildProcess(
      "curl",
      ["-sS", "--max-time", "30", "--cacert", authority.rootsFile, "-w", "\n%{http_code}"]
        + (identity?.curlOptions ?? []) + more + ["https://127.0.0.1:\(port)\(path)"])
  }

  /// What curl got; nil if it got no response.
  func curl(
    _ path: String, as identity: TestTrustChain.Identity? = nil, _ more: [String] = []
  ) async throws -> (status: Int, body: String)? {
    try await Self.answer(of: startCurl(path, as: identity, more))
  }

  static func answer(of curl: ChildProcess) async throws -> (status: Int, body: String)? {
    guard try await curl.waitForExit() == .exited(0) else { return nil }
    let lines = curl.output.components(separatedBy: "\n")
    guard let last = lines.last, let status = Int(last) else { throw TestFailure("not from curl: \(curl.output)") }
    return (status, lines.dropLast().joined(separator: "\n"))
  }

  /// Sends bytes through TLS as they are, and returns what came back.
  func exchange(_ request: [UInt8], as identity: TestTrustChain.Identity? = nil, _ more: [String] = []) async throws
    -> String
  {
    let folder = try TemporaryFolder()
    try Data(request).write(to: URL(filePath: folder.path("request")))
    let client = try ChildProcess(
      "openssl",
      ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)", "-CAfile", authority.rootsFile]
        + (identity.map {
          ["-cert", $0.certificateFile, "-key", $0.keyFile, "-cert_chain", authority.intermediateFile]
        }
          ?? []) + more,
      input: folder.path("request"))
    try await client.waitForExit()
    return client.output
  }
}

/// Counts what handlers do.
final class Counted: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .acquiring) }
  func add() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// Holds handlers until a test lets them go on.
final class Gate: Sendable {
  private let isOpen = Atomic(false)
  var isOpened: Bool { isOpen.load(ordering: .acquiring) }
  func open() { isOpen.store(true, ordering: .releasing) }
  func wait() async throws { try await eventually { isOpen.load(ordering: .acquiring) } }
}
