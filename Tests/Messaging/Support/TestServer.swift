import Logging
import Messaging
import SwiftProtobuf
import Synchronization
import Testing
import Wire

/// Runs a server while `body` runs.
func withServer<T: Sendable>(
  on transport: any MessageTransport = ZeroMQTransport(), at endpoint: String = "tcp://127.0.0.1:*",
  name: String = "test", limits: RPCServerLimits = .standard, router: RPCRouter,
  _ body: (RPCServer, String) async throws -> T
) async throws -> T {
  let server = RPCServer(
    name: name, listening: endpoint, router: router, limits: limits, transport: transport, logger: .quiet)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body(server, try await server.boundAddress())) } catch {
      outcome = .failure(error)
    }
    group.cancelAll()
    try await group.waitForAll()
    return try outcome.get()
  }
}

/// Runs a client while `body` runs.
func withClient<T: Sendable>(
  of endpoints: [String], on transport: any MessageTransport = ZeroMQTransport(),
  options: RPCClientOptions = .patient, resolver: any EndpointResolver = SystemEndpointResolver(),
  _ body: (RPCClient) async throws -> T
) async throws -> T {
  let client = RPCClient(
    name: "test", endpoints: endpoints, options: options, transport: transport, resolver: resolver, logger: .quiet)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await client.run() }
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
    group.cancelAll()
    try await group.waitForAll()
    return try outcome.get()
  }
}

extension RPCClientOptions {
  /// For tests that are not about silence: a machine under load must not look like a dead server.
  static var patient: RPCClientOptions {
    var options = RPCClientOptions.standard
    options.missedHeartbeats = 100
    return options
  }
}

extension RPCClient {
  /// Sends what may be sent twice, and returns the answer's text.
  func ask(_ text: String, deadline: Duration = .seconds(60)) async throws -> String {
    try await call(Idempotent(text), deadline: deadline).text
  }

  func expectAnswer(
    _ expected: String, to text: String, deadline: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let answer = try await ask(text, deadline: deadline)
    #expect(answer == expected, sourceLocation: sourceLocation)
  }

  /// Sends what must not be sent twice, and returns the answer's text.
  func askOnce(_ text: String, deadline: Duration = .seconds(60)) async throws -> String {
    try await call(Once(text), deadline: deadline).value
  }
}

extension Logger {
  static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Answers both kinds with what was asked.
func echoRouter() -> RPCRouter {
  var router = RPCRouter()
  router.handle(Idempotent.self, allowing: .all) { request, _ in request }
  router.handle(Once.self, allowing: .all) { request, _ in request }
  return router
}

/// Holds handlers up until the test lets them go, and tells how many came.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var arrived = 0
    var cancelled = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  var arrived: Int { state.withLock { $0.arrived } }
  var cancelled: Int { state.withLock { $0.cancelled } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume() }
  }

  /// - Throws: if the handler's task is cancelled.
  func pass() async throws {
    let number = state.withLock { state in
      state.arrived += 1
      return state.arrived
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          if state.isOpen || Task.isCancelled { return true }
          state.waiting[number] = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }
    if Task.isCancelled { state.withLock { $0.cancelled += 1 } }
    try Task.checkCancellation()
  }
}

/// A seed that a failing test can print and a developer can put back.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
