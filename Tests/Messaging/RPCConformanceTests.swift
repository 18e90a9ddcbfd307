import Foundation
import Foundations
import Messaging
import ServiceLifecycle
import SwiftProtobuf
import TestSupport
import Testing
import Wire

/// What requests and answers must do over every transport.
@Suite(.seated) struct RPCConformanceTests {
  private func withPair<T: Sendable>(
    _ kind: TransportKind, router: RPCRouter = echoRouter(), limits: RPCServerLimits = .standard,
    options: RPCClientOptions = .patient, _ body: (RPCClient, RPCServer) async throws -> T
  ) async throws -> T {
    let network = try Network(kind)
    return try await withServer(on: network.transport, at: network.endpoint, limits: limits, router: router) {
      server, endpoint in
      try await withClient(of: [endpoint], on: network.transport, options: options) { try await body($0, server) }
    }
  }

  @Test(arguments: TransportKind.allCases) func anAnswerComesBack(kind: TransportKind) async throws {
    try await withPair(kind) { client, _ in
      try await client.expectAnswer("hello", to: "hello")
      let once = try await client.askOnce("hello")
      #expect(once == "hello")
      let large = Idempotent(Data(repeating: 7, count: 4 << 20))
      let answer = try await client.call(large, deadline: .seconds(60))
      #expect(answer == large)
    }
  }

  @Test(arguments: TransportKind.allCases) func aHandlerIsAPartOfWhatItsClientDoes(kind: TransportKind) async throws {
    let seen = Recorder<TraceContext?>()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      seen.record([TraceContext.current])
      return request
    }
    let trace = TraceContext(isSampled: true, requestID: "build-7")
    try await withPair(kind, router: router) { client, _ in
      _ = try await client.ask("for nobody", deadline: .seconds(30))
      try await TraceContext.$current.withValue(trace) {
        _ = try await client.ask("for somebody", deadline: .seconds(30))
      }
    }
    #expect(seen.elements.count == 2 && seen.elements[0] == nil)
    let part = try #require(seen.elements.last ?? nil)
    #expect(part.traceID == trace.traceID && part.parentSpanID == trace.spanID && part.spanID != trace.spanID)
    #expect(part.isSampled && part.requestID == "build-7")
  }

  @Test(arguments: TransportKind.allCases) func answersFindTheirRequests(kind: TransportKind) async throws {
    try await withPair(kind) { client, _ in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<500 {
          group.addTask { try await client.ask("\(number)", deadline: .seconds(30)) == "\(number)" }
        }
        for try await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test(arguments: TransportKind.allCases) func aHandlersFailureIsTold(kind: TransportKind) async throws {
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      if request.text == "known" {
        throw WireFailure(.notFound, reason: "unknown-device", message: "no such device", retryAfterMilliseconds: 5)
      }
      throw TestFailure("a secret of the server")
    }
    try await withPair(kind, router: router) { client, _ in
      let known = await #expect(throws: WireFailure.self) { try await client.ask("known") }
      #expect(
        known == WireFailure(.notFound, reason: "unknown-device", message: "no such device", retryAfterMilliseconds: 5))
      let unknown = await #expect(throws: WireFailure.self) { try await client.ask("unknown") }
      #expect(unknown?.code == .internal)
      #expect(unknown?.message.contains("secret") == false)
      #expect(unknown?.message.contains("reference") == true)
    }
  }

  @Test(arguments: TransportKind.allCases) func anUnknownKindIsAnswered(kind: TransportKind) async throws {
    try await withPair(kind) { client, _ in
      let failure = await #expect(throws: WireFailure.self) {
        try await client.call(Unanswered(), deadline: .seconds(60))
      }
      #expect(failure?.code == .unsupported && failure?.reason == "unknown-kind")
      #expect(failure?.message.contains("google.protobuf.BoolValue") == true)
    }
  }

  @Test(arguments: TransportKind.allCases) func aSlowHandlerIsCancelledAtTheDeadline(kind: TransportKind) async throws {
    let gate = Gate()
    var router = echoRouter()
    router.handle(Idempotent.self, allowing: .all) { request, context in
      #expect(context.remaining <= .seconds(3))
      try await gate.pass()
      return request
    }
    try await withPair(kind, router: router) { client, _ in
      // Once it is connected, the time is the handler's.
      _ = try await client.askOnce("first")
      // A busy machine may let the whole time pass before the handler has the request: then nothing is to be cancelled.
      try await eventually("a handler has the request before its deadline") {
        let failure = await #expect(throws: WireFailure.self) {
          try await client.call(Idempotent("slow"), deadline: .seconds(3))
        }
        #expect(failure?.code == .deadlineExceeded)
        return gate.arrived > 0
      }
      try await eventually("the handler is cancelled") { gate.cancelled == gate.arrived }
      // Its worker is replaced.
      let once = try await client.askOnce("next")
      #expect(once == "next")
    }
  }

  @Test(arguments: TransportKind.allCases) func tooManyRequestsAreToldToComeLater(kind: TransportKind) async throws {
    var limits = RPCServerLimits.standard
    (limits.concurrency, limits.queuedRequests) = (2, 3)
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    try await withPair(kind, router: router, limits: limits) { [limits] client, _ in
      try await withThrowingTaskGroup(of: WireFailure?.self) { group in
        for _ in 0..<20 {
          group.addTask {
            do throws(WireFailure) {
              _ = try await client.call(Idempotent("x"), deadline: .seconds(30))
              return nil
            } catch {
              return error
            }
          }
        }
        var refused: [WireFailure] = []
        for _ in 0..<15 {
          if let failure = try #require(try await group.next()) { refused.append(failure) }
        }
        #expect(refused.count == 15)
        #expect(refused.allSatisfy { $0.code == .overloaded && $0.retryAfterMilliseconds == 200 })
        #expect(gate.arrived <= limits.concurrency)
        gate.open()
        for try await failure in group { #expect(failure == nil) }
      }
      #expect(gate.arrived == 5)
    }
  }

  @Test(arguments: TransportKind.allCases) func theClientsOwnQueueIsBounded(kind: TransportKind) async throws {
    var options = RPCClientOptions.patient
    options.outstandingRequests = 1
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    try await withPair(kind, router: router, options: options) { client, _ in
      let first = Task { try await client.call(Idempotent("first"), deadline: .seconds(30)) }
      try await eventually { gate.arrived == 1 }
      let failure = await #expect(throws: WireFailure.self) { try await client.call(Idempotent("second")) }
      #expect(failure?.code == .overloaded && failure?.reason == "client-queue-full")
      gate.open()
      let firstAnswer = try await first.value
      #expect(firstAnswer.text == "first")
    }
  }

  @Test(arguments: TransportKind.allCases) func aTooLargeMessageIsRefusedBeforeItIsSent(kind: TransportKind)
    async throws
  {
    var router = echoRouter()
    router.handle(Once.self, allowing: .all) { _, _ in Once(String(repeating: "x", count: 9 << 20)) }
    try await withPair(kind, router: router) { client, _ in
      let request = await #expect(throws: WireFailure.self) {
        try await client.call(Idempotent(Data(count: 9 << 20)))
      }
      #expect(request?.code == .invalid && request?.reason == "request-too-large")
      let response = await #expect(throws: WireFailure.self) { try await client.askOnce("large") }
      #expect(response?.code == .internal && response?.reason == "response-too-large")
      try await client.expectAnswer("fine", to: "fine")
    }
  }

  @Test(arguments: TransportKind.allCases) func aCancelledCallEndsAtOnce(kind: TransportKind) async throws {
    let gate = Gate()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { request, _ in
      try await gate.pass()
      return request
    }
    try await withPair(kind, router: router) { client, _ in
      let call = Task { try await client.call(Idempotent("x"), deadline: .seconds(60)) }
      try await eventually { gate.arrived == 1 }
      call.cancel()
      let failure = await #expect(throws: WireFailure.self) { try await call.value }
      #expect(failure?.reason == "cancelled")
      gate.open()
    }
  }

  @Test(arguments: TransportKind.allCases) func aServerMayStartAfterItsClient(kind: TransportKind) async throws {
    let network = try Network(kind)
    try await withClient(of: [network.endpoint], on: network.transport) { client in
      let early = Task { try await client.call(Idempotent("early"), deadline: .seconds(30)) }
      try await withServer(on: network.transport, at: network.endpoint, router: echoRouter()) { _, _ in
        let earlyAnswer = try await early.value
        #expect(earlyAnswer.text == "early")
      }
      // And come back.
      let between = Task { try await client.call(Idempotent("between"), deadline: .seconds(30)) }
      try await withServer(on: network.transport, at: network.endpoint, router: echoRouter()) { _, _ in
        let betweenAnswer = try await between.value
        #expect(betweenAnswer.text == "between")
      }
    }
  }

  @Test(arguments: TransportKind.allCases) func withoutAServerTheDeadlineEndsTheWait(kind: TransportKind) async throws {
    let network = try Network(kind)
    try await withClient(of: [network.endpoint], on: network.transport) { client in
      let failure = await #expect(throws: WireFailure.self) {
        try await client.call(Idempotent("x"), deadline: .milliseconds(300))
      }
      #expect(failure?.code == .unavailable && failure?.reason == "no-server")
      #expect(failure?.message.contains(network.endpoint) == true)
    }
  }

  @Test func aClientThatNeverRunsStillKeepsItsDeadlines() async throws {
    let client = RPCClient(name: "test", endpoints: ["tcp://127.0.0.1:1"], logger: .quiet)
    let failure = await #expect(throws: WireFailure.self) {
      try await client.call(Idempotent("x"), deadline: .milliseconds(100))
    }
    #expect(failure?.code == .unavailable)
  }
}
