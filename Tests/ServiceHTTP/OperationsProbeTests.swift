import Glibc
import Hummingbird
import Logging
import ServiceHTTP
import ServiceKit
import TestSupport
import Testing

/// What `healthcheck` asks an operations server.
@Suite(.seated) struct OperationsProbeTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func probe(_ port: Int, host: String = "127.0.0.1", deadline: Duration = patience) -> OperationsProbe {
    OperationsProbe(service: "registry", listen: ListenAddress(host: host, port: port), deadline: deadline)
  }

  /// What it is told of a question that is not answered with yes.
  private func refusal(
    of probe: OperationsProbe, _ question: OperationsProbe.Question = .readiness
  ) async -> AdminError? {
    await #expect(throws: AdminError.self) { () async throws in try await probe.ask(question) }
  }

  private func withOperations(
    _ readiness: Readiness, host: String = "127.0.0.1", _ body: (Int) async throws -> Void
  ) async throws {
    let server = OperationsServer.make(
      name: "registry", listen: ListenAddress(host: host, port: 0), readiness: readiness, metrics: MetricsRegistry(),
      logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      defer { group.cancelAll() }
      try await body(try await server.boundPort)
    }
  }

  @Test func aReadyServiceIsReadyAndAlive() async throws {
    let readiness = Readiness(validity: .zero)
    readiness.add("database") {}
    try await withOperations(readiness) { port in
      try await probe(port).ask(.readiness)
      try await probe(port).ask(.liveness)
    }
  }

  @Test func theChecksThatFailAreNamedOnOneLine() async throws {
    let readiness = Readiness(validity: .zero)
    readiness.add("database") { throw TestFailure("connection refused\nat 127.0.0.1") }
    readiness.add("broker") {}
    readiness.add("disk") { throw TestFailure("full") }
    try await withOperations(readiness) { port in
      let told = await refusal(of: probe(port))
      #expect(
        told?.description
          == #"the registry is not ready: database: connection refused\nat 127.0.0.1; disk: full"#)
      #expect(told?.status == .unavailable)
    }
  }

  @Test func aServiceThatIsNotReadyIsAlive() async throws {
    let readiness = Readiness(validity: .zero)
    readiness.add("database") { throw TestFailure("connection refused") }
    try await withOperations(readiness) { port in try await probe(port).ask(.liveness) }
  }

  private static let hasIPv6 = access("/proc/net/if_inet6", R_OK) == 0

  @Test(arguments: hasIPv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"])
  func aServerOfEveryAddressIsAskedOnLoopback(host: String) async throws {
    try await withOperations(Readiness(), host: host) { port in
      try await probe(port, host: host).ask(.readiness)
    }
  }

  @Test func nobodyThereIsToldWithTheSetting() async throws {
    let port = try FreePort()
    let told = await refusal(of: probe(port.number))
    #expect(told?.description.contains("127.0.0.1:\(port.number)") == true)
    #expect(told?.description.contains("XTBLISH_REGISTRY_OPERATIONS_LISTEN") == true)
    #expect(told?.status == .unavailable)
  }

  @Test func aServerThatNeverAnswersIsGivenUp() async throws {
    let listener = try SilentListener()
    let told = await refusal(of: probe(listener.port, deadline: .milliseconds(50)), .liveness)
    #expect(told?.description.hasSuffix("did not answer at 127.0.0.1:\(listener.port) within 50 ms") == true)
  }

  @Test func anotherServerIsNotTakenForTheService() async throws {
    try await withServer(routes: { $0.get("/other") { _, _ in "other" } }) { port in
      let told = await refusal(of: probe(port), .liveness)
      #expect(told?.description == "what answers at 127.0.0.1:\(port) is not the registry: status 404 for /livez")
    }
  }

  @Test func aPortThatNobodyKnowsIsRefused() async {
    let told = await refusal(of: probe(0))
    #expect(told?.status == .configuration)
  }
}
