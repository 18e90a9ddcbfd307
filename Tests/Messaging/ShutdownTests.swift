import Messaging
import ServiceLifecycle
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@Suite(.seated) struct ShutdownTests {
  /// A server in a service group, and a client.
  private func withGroup<T: Sendable>(
    _ kind: TransportKind, router: RPCRouter, limits: RPCServerLimits = .standard,
    _ body: (RPCClient, ServiceGroup, Task<Void, any Error>) async throws -> T
  ) async throws -> T {
    let network = try Network(kind)
    let server = RPCServer(
      name: "test", listening: network.endpoint, router: router, limits: limits, transport: network.transport,
      logger: .quiet)
    let group = ServiceGroup(services: [server], logger: .quiet)
    let running = Task { try await group.run() }
    _ = try await server.boundAddress()
    return try await withClient(of: [network.endpoint], on: network.transport) {
      try await body($0, group, running)
    }
  }

  @Test(arguments: TransportKind.allCases) func runningHandlersFinishAndOthersAreRefused(kind: TransportKind)
    async throws
  {
    var limits = RPCServerLimits.standard
    (limits.concurrency, limits.shutdownGrace) = (1, .seconds(60))
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Once.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    try await withGroup(kind, router: router, limits: limits) { client, group, running in
      let first = Task { try await client.call(Once("running"), deadline: .seconds(60)) }
      try await eventually { gate.arrived == 1 }
      await group.triggerGracefulShutdown()
      try await eventually("the server refuses") {
        do throws(WireFailure) {
          _ = try await client.call(Once("late"), deadline: .seconds(1))
          return false
        } catch {
          // There is nobody else who could do it.
          return error.reason == WireFailure.noServerReason && error.message.contains("it is shutting down")
        }
      }
      #expect(gate.arrived == 1)
      gate.open()
      let firstAnswer = try await first.value
      #expect(firstAnswer.value == "running")
      try await running.value
      #expect(gate.cancelled == 0)
    }
  }

  /// Also what must not be done twice: the server that ends has not begun it.
  @Test(arguments: TransportKind.allCases) func anotherServerDoesWhatOneThatEndsDidNotBegin(kind: TransportKind)
    async throws
  {
    let network = try Network(kind)
    let other = try Network(kind)
    let (ending, staying) = kind == .inMemory ? ("ending", "staying") : (network.endpoint, other.endpoint)
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    router.handle(Once.self, allowing: .all) { _, _ in Once("ending") }
    var spare = RPCRouter()
    spare.handle(Once.self, allowing: .all) { _, _ in Once("staying") }
    spare.handle(Idempotent.self, allowing: .all) { request, _ in request }
    let server = RPCServer(
      name: "test", listening: ending, router: router, transport: network.transport, logger: .quiet)
    let group = ServiceGroup(services: [server], logger: .quiet)
    let running = Task { try await group.run() }
    _ = try await server.boundAddress()
    try await withClient(of: [ending], on: network.transport) { holder in
      // What keeps it from ending.
      let held = Task { try await holder.ask("held") }
      try await eventually { gate.arrived == 1 }
      try await withServer(on: network.transport, at: staying, router: spare) { _, _ in
        var options = RPCClientOptions.patient
        // Not told in advance.
        options.heartbeatInterval = .seconds(3_600)
        try await withClient(of: [ending, staying], on: network.transport, options: options) { client in
          var answers: Set<String> = []
          try await eventually("it knows both") {
            answers.insert(try await client.askOnce("x"))
            return answers.count == 2
          }
          await group.triggerGracefulShutdown()
          try await eventually("it refuses") {
            do throws(WireFailure) {
              _ = try await holder.call(Once("late"), deadline: .seconds(1))
              return false
            } catch {
              return error.reason == WireFailure.noServerReason
            }
          }
          for _ in 0..<20 {
            let answer = try await client.askOnce("x")
            #expect(answer == "staying")
          }
        }
      }
      gate.open()
      let answer = try await held.value
      #expect(answer == "held")
    }
    try await running.value
    withExtendedLifetime(other) {}
  }

  @Test(arguments: TransportKind.allCases) func aServerThatLeavesGetsNothingNewAndAnswersWhatComes(kind: TransportKind)
    async throws
  {
    let network = try Network(kind)
    let other = try Network(kind)
    let (leaving, staying) = kind == .inMemory ? ("leaving", "staying") : (network.endpoint, other.endpoint)
    var router = RPCRouter()
    router.handle(Once.self, allowing: .all) { _, _ in Once("leaving") }
    var spare = RPCRouter()
    spare.handle(Once.self, allowing: .all) { _, _ in Once("staying") }
    try await withServer(on: network.transport, at: leaving, router: router) { server, _ in
      server.leave()
      try await withClient(of: [leaving, staying], on: network.transport) { client in
        // It is all there is.
        let alone = try await client.askOnce("x")
        #expect(alone == "leaving")
        try await withServer(on: network.transport, at: staying, router: spare) { _, _ in
          // It is told with the next sign of life, and goes to both until then.
          try await eventually("all goes to the other one") {
            for _ in 0..<20 where try await client.askOnce("x") != "staying" { return false }
            return true
          }
        }
      }
    }
    withExtendedLifetime(other) {}
  }

  /// Whatever else goes on at the end of a connection, an answer that was given arrives.
  @Test(arguments: TransportKind.allCases) func noAnswerIsLostInTheEnd(kind: TransportKind) async throws {
    for _ in 0..<20 {
      let gate = Gate()
      var router = RPCRouter()
      router.handle(Once.self, allowing: .all) { request, _ in
        try await gate.pass()
        return request
      }
      try await withGroup(kind, router: router) { client, group, running in
        let calls = (0..<10).map { number in Task { try await client.askOnce("\(number)") } }
        try await eventually { gate.arrived == 10 }
        await group.triggerGracefulShutdown()
        gate.open()
        for (number, call) in calls.enumerated() {
          let answer = try await call.value
          #expect(answer == "\(number)")
        }
        try await running.value
      }
    }
  }

  @Test(arguments: TransportKind.allCases) func aHandlerThatTakesTooLongIsCancelled(kind: TransportKind) async throws {
    var limits = RPCServerLimits.standard
    limits.shutdownGrace = .milliseconds(200)
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Once.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    try await withGroup(kind, router: router, limits: limits) { client, group, running in
      let stuck = Task { try await client.call(Once("stuck"), deadline: .seconds(60)) }
      try await eventually { gate.arrived == 1 }
      await group.triggerGracefulShutdown()
      let failure = await #expect(throws: WireFailure.self) { try await stuck.value }
      #expect(failure?.code == .unavailable)
      try await running.value
      #expect(gate.cancelled == 1)
    }
  }

  @Test(arguments: TransportKind.allCases) func anIdleServerEndsAtOnceAndFreesItsAddress(kind: TransportKind)
    async throws
  {
    let network = try Network(kind)
    for _ in 0..<3 {
      let server = RPCServer(
        name: "test", listening: network.endpoint, router: echoRouter(), transport: network.transport, logger: .quiet)
      let group = ServiceGroup(services: [server], logger: .quiet)
      let running = Task { try await group.run() }
      _ = try await server.boundAddress()
      await group.triggerGracefulShutdown()
      try await running.value
    }
  }

  @Test(arguments: TransportKind.allCases) func anAddressInUseFailsTheServer(kind: TransportKind) async throws {
    let network = try Network(kind)
    try await withServer(on: network.transport, at: network.endpoint, router: echoRouter()) { _, endpoint in
      let second = RPCServer(
        name: "test", listening: endpoint, router: echoRouter(), transport: network.transport, logger: .quiet)
      let error = await #expect(throws: TransportError.self) { try await second.run() }
      #expect(error?.isAddressInUse == true)
      await #expect(throws: TransportError.self) { try await second.boundAddress() }
    }
  }
}
