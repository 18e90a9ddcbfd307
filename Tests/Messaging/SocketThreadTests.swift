import Messaging
import TestSupport
import Testing
import Wire

/// Tasks that run on the thread of the sockets, and do not let go of it.
@Suite(.seated) struct SocketThreadTests {
  /// A program whose sockets wait would be taken for dead by then.
  private var options: RPCClientOptions {
    var options = RPCClientOptions.standard
    options.heartbeatInterval = .milliseconds(200)
    options.missedHeartbeats = 10
    return options
  }

  @Test func aHandlerThatBlocksItsThreadHoldsUpNoOtherRequest() async throws {
    let (stuck, arrived) = (StuckOwner(), Gate())
    arrived.open()
    var router = echoRouter()
    router.handle(Once.self, allowing: .all) { request, _ in
      try await arrived.pass()
      stuck.wait()
      return request
    }
    try await withServer(router: router) { _, endpoint in
      try await withClient(of: [endpoint], options: options) { client in
        try await client.expectAnswer("before", to: "before")
        async let late = client.askOnce("late")
        try await eventually("the handler runs") { arrived.arrived == 1 }
        for round in 0..<100 { try await client.expectAnswer("\(round)", to: "\(round)") }
        stuck.release()
        #expect(try await late == "late")
      }
    }
  }

  @Test func handlersThatBlockOneAfterAnotherAreAllAnswered() async throws {
    let stuck = StuckOwner()
    let arrived = Gate()
    arrived.open()
    var router = echoRouter()
    router.handle(Once.self, allowing: .all) { request, _ in
      try await arrived.pass()
      stuck.wait()
      return request
    }
    try await withServer(router: router) { _, endpoint in
      try await withClient(of: [endpoint], options: options) { client in
        for round in 1...5 {
          async let late = client.askOnce("\(round)")
          try await eventually("the handler runs") { arrived.arrived == round }
          try await client.expectAnswer("beside", to: "beside")
          stuck.release()
          #expect(try await late == "\(round)")
        }
      }
    }
  }

  @Test func aCallerThatBlocksTheClientsThreadHoldsUpNoOtherCall() async throws {
    let stuck = StuckOwner()
    try await withServer(router: echoRouter()) { _, endpoint in
      try await withClient(of: [endpoint], options: options) { client in
        try await client.expectAnswer("before", to: "before")
        let arrived = Gate()
        arrived.open()
        let executor: any TaskExecutor = try #require(client.executor)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask(executorPreference: executor) {
            try await client.expectAnswer("blocked", to: "blocked")
            try await arrived.pass()
            stuck.wait()
          }
          try await eventually("the caller has its answer") { arrived.arrived == 1 }
          for round in 0..<100 { try await client.expectAnswer("\(round)", to: "\(round)") }
          stuck.release()
          try await group.waitForAll()
        }
      }
    }
  }

  @Test func aServerStopsWhileAHandlerBlocksItsThread() async throws {
    let stuck = StuckOwner()
    var limits = RPCServerLimits.standard
    limits.shutdownGrace = .milliseconds(100)
    let arrived = Gate()
    arrived.open()
    var router = RPCRouter()
    router.handle(Once.self, allowing: .all) { request, _ in
      try await arrived.pass()
      stuck.wait()
      return request
    }
    let (briefLimits, blockingRouter) = (limits, router)
    let port = try FreePort()
    let endpoint = "tcp://127.0.0.1:\(port.number)"
    try await withClient(of: [endpoint], options: options) { client in
      async let stopped: Void = withServer(at: endpoint, limits: briefLimits, router: blockingRouter) { _, _ in
        try await eventually("the handler runs") { arrived.arrived == 1 }
      }
      // The deadline is the client's own: the address is given up although the handler goes on.
      await #expect(throws: (any Error).self) { try await client.askOnce("late", deadline: .seconds(20)) }
      stuck.release()
      try await stopped
      try await withServer(at: endpoint, router: echoRouter()) { _, _ in
        try await client.expectAnswer("after", to: "after")
      }
    }
  }
}
