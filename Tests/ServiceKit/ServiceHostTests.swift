import Glibc
import Logging
import Messaging
import ServiceKit
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import UnixSignals
import Wire

private func silentLogger() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

/// Signals reach the whole process, so these run one after the other, each with a signal of its own.
@Suite(.seated, .serialized) struct ServiceHostTests {
  private struct Waiting: Service {
    let started: Flag
    var ended = Flag()
    func run() async throws {
      started.raise()
      try await gracefulShutdown()
      ended.raise()
    }
  }

  @Test func endsOnASignalAndIsUnreadyMeanwhile() async throws {
    let box = Flag()
    let readiness = Readiness()
    async let host: Void = ServiceHost.run(
      name: "test", logger: silentLogger(), services: [Waiting(started: box)], readiness: readiness,
      signals: [.sigusr1])
    try await eventually { box.isRaised }
    #expect(await readiness.isReady())
    kill(getpid(), SIGUSR1)
    try await host
    #expect(await !readiness.isReady())
  }

  @Test func worksOnAfterASignalUntilASecondOne() async throws {
    let (started, told) = (Flag(), Flag())
    let service = Waiting(started: started)
    let readiness = Readiness()
    async let host: Void = ServiceHost.run(
      name: "test", logger: silentLogger(), services: [service], readiness: readiness, shutdownDelay: .seconds(3_600),
      signals: [.sigusr1], leave: { told.raise() })
    try await eventually { started.isRaised }
    kill(getpid(), SIGUSR1)
    try await eventually("those who send requests are told") { told.isRaised }
    #expect(await !readiness.isReady())
    #expect(!service.ended.isRaised)
    kill(getpid(), SIGUSR1)
    try await host
    #expect(service.ended.isRaised)
  }

  @Test func endsByItselfWhenTheDelayIsOver() async throws {
    let service = Waiting(started: Flag())
    async let host: Void = ServiceHost.run(
      name: "test", logger: silentLogger(), services: [service], shutdownDelay: .milliseconds(50), signals: [.sigusr2])
    try await eventually { service.started.isRaised }
    let start = ContinuousClock.now
    kill(getpid(), SIGUSR2)
    try await host
    #expect(ContinuousClock.now - start >= .milliseconds(50))
  }

  @Test func cancelsServicesThatDoNotEnd() async throws {
    struct Stubborn: Service {
      let started: Flag
      func run() async throws {
        started.raise()
        // Deaf to shutdown, not to cancellation.
        try await untilCancelled()
      }
    }
    let box = Flag()
    let host = Task {
      try await ServiceHost.run(
        name: "test", logger: silentLogger(), services: [Stubborn(started: box)], shutdownTimeout: .milliseconds(200),
        signals: [.sigusr2])
    }
    try await eventually { box.isRaised }
    let start = ContinuousClock.now
    kill(getpid(), SIGUSR2)
    _ = await host.result
    #expect(ContinuousClock.now - start < .seconds(300))
  }

  @Test func failureOfOneEndsAll() async throws {
    struct Broken: Error {}
    struct Failing: Service {
      func run() async throws { throw Broken() }
    }
    await #expect(throws: Broken.self) {
      try await ServiceHost.run(
        name: "test", logger: silentLogger(), services: [Waiting(started: Flag()), Failing()], signals: [.sigalrm])
    }
  }

  /// What it used may hang, as a disk does that is behind a network.
  @Test func whatCantBeGivenBackHoldsUpNoEnd() async {
    struct Done: Service {
      func run() async throws {}
    }
    await #expect(processExitsWith: .exitCode(ExitStatus.temporary.rawValue)) {
      try await ServiceHost.run(
        name: "test", logger: silentLogger(), services: [Done()], shutdownTimeout: .milliseconds(1), signals: [],
        close: { try? await untilCancelled() })
    }
  }

  @Test func statusIsAnsweredOnTheBus() async throws {
    let readiness = Readiness()
    readiness.add("database") { throw TestFailure("away") }
    readiness.add("broker") {}
    var router = RPCRouter()
    StatusReporter(
      service: "registry", readiness: readiness, addresses: { ["rpc": "tcp://127.0.0.1:1"] },
      figures: { ["outbox.pending": 3] }
    ).register(on: &router)
    let folder = try TemporaryFolder()
    let endpoint = "ipc://\(folder.path("rpc"))"
    let server = RPCServer(name: "registry", listening: endpoint, router: router, logger: silentLogger())
    let task = Task { try await server.run() }
    _ = try await server.boundAddress()
    let status = try await withRPCClient(endpoints: [endpoint], logger: silentLogger()) { client in
      try await client.call(WireGetStatus())
    }
    task.cancel()
    _ = await task.result
    #expect(status.service == "registry" && status.version == XtblishVersion.current && !status.ready)
    #expect(status.dependencies.map(\.ready) == [false, true])
    #expect(status.dependencies.first?.detail == "away")
    #expect(status.figures == ["outbox.pending": 3])
    let text = ServiceStatusView(status).text()
    #expect(text.contains("registry 0.1.0: not ready\n"))
    #expect(text.contains("database    NOT READY  away\n") && text.contains("outbox.pending      3\n"))
  }

  /// What is counted in a database that is away must not keep from being told that it is away.
  @Test func figuresThatDoNotComeHoldUpNoStatus() async {
    let readiness = Readiness()
    readiness.add("database") { throw TestFailure("away") }
    let (end, isEnded) = AsyncStream<Void>.makeStream()
    let status = await StatusReporter(
      service: "registry", readiness: readiness,
      figures: {
        // Whatever becomes of its task.
        await Task { for await _ in end {} }.value
        return ["outbox.pending": 3]
      }
    ).status()
    #expect(!status.ready && status.dependencies.map(\.detail) == ["away"] && status.figures.isEmpty)
    isEnded.finish()
  }
}

/// A flag that several tasks can hold.
private final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .acquiring) }
  func raise() { value.store(true, ordering: .releasing) }
}
