import Messaging
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing
import Wire

/// Many servers behind one name, which moves.
@Suite(.seated) struct ReplicaTests {
  /// A name whose addresses the test decides.
  private final class Names: EndpointResolver {
    private let outcome: Mutex<Result<[String], ResolutionError>>
    private let asked = Mutex(0)

    init(_ addresses: [String]) { outcome = Mutex(.success(addresses)) }

    func change(to addresses: [String]) { outcome.withLock { $0 = .success(addresses) } }

    func fail() { outcome.withLock { $0 = .failure(ResolutionError("no name server answers")) } }

    var lookUps: Int { asked.withLock { $0 } }

    func addresses(of endpoint: String) async throws(ResolutionError) -> [String] {
      asked.withLock { $0 += 1 }
      return try outcome.withLock { $0 }.get()
    }
  }

  private func named(_ name: String) -> RPCRouter {
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { _, _ in Idempotent(name) }
    return router
  }

  private var quick: RPCClientOptions {
    var options = RPCClientOptions.patient
    options.resolveInterval = .milliseconds(50)
    return options
  }

  @Test(arguments: TransportKind.allCases) func requestsSpreadOverAllAddresses(kind: TransportKind) async throws {
    let (one, two) = (try Network(kind), try Network(kind))
    // In memory, both must be on the same network.
    let transport = one.transport
    let addresses = kind == .inMemory ? ["one", "two"] : [one.endpoint, two.endpoint]
    try await withServer(on: transport, at: addresses[0], router: named("one")) { _, _ in
      try await withServer(on: transport, at: addresses[1], router: named("two")) { _, _ in
        try await withClient(of: ["tcp://name:1"], on: transport, resolver: Names(addresses)) { client in
          var counts: [String: Int] = [:]
          // Until both are connected, one may get all.
          try await eventually {
            counts[try await client.ask("x"), default: 0] += 1
            return counts.count == 2
          }
          counts = [:]
          for _ in 0..<100 { counts[try await client.ask("x"), default: 0] += 1 }
          #expect(counts == ["one": 50, "two": 50])
        }
      }
    }
  }

  @Test func aClientFollowsItsName() async throws {
    let network = InMemoryTransport()
    let names = Names(["one"])
    try await withServer(on: network, at: "one", router: named("one")) { _, _ in
      try await withServer(on: network, at: "two", router: named("two")) { _, _ in
        try await withClient(of: ["tcp://name:1"], on: network, options: quick, resolver: names) { client in
          try await client.expectAnswer("one", to: "x")
          names.change(to: ["two"])
          try await eventually("it moved") { try await client.ask("x") == "two" }
          names.fail()
          let before = names.lookUps
          try await eventually { names.lookUps > before + 1 }
          try await client.expectAnswer("two", to: "x")
        }
      }
    }
  }

  @Test func aDeadServerMakesTheClientLookAgain() async throws {
    let network = InMemoryTransport()
    let names = Names(["one"])
    try await withServer(on: network, at: "two", router: named("two")) { _, _ in
      // The interval is the standard one, longer than this test may take.
      try await withClient(of: ["tcp://name:1"], on: network, resolver: names) { client in
        try await withServer(on: network, at: "one", router: named("one")) { _, _ in
          try await client.expectAnswer("one", to: "x")
          names.change(to: ["two"])
        }
        let died = ContinuousClock.now
        try await client.expectAnswer("two", to: "x", deadline: .seconds(600))
        #expect(ContinuousClock.now - died < .seconds(300))
      }
    }
  }

  @Test func aSilentServerIsLeftLongBeforeTheDeadline() async throws {
    let network = InMemoryTransport()
    let gate = Gate()
    var hanging = RPCRouter()
    hanging.handle(Idempotent.self, allowing: .all) { _, _ in
      try await gate.pass()
      return Idempotent("one")
    }
    try await withServer(on: network, at: "one", router: hanging) { _, _ in
      try await withClient(of: ["one", "two"], on: network, options: .standard) { client in
        let answer = Task { try await client.call(Idempotent("x"), deadline: .seconds(600)) }
        try await eventually { gate.arrived == 1 }
        try await withServer(on: network, at: "two", router: named("two")) { _, _ in
          let cut = ContinuousClock.now
          network.silence("one")
          let answerAnswer = try await answer.value
          #expect(answerAnswer.text == "two")
          // How soon is held by ClientStateTests, with a clock of their own.
          #expect(ContinuousClock.now - cut < .seconds(300))
          network.restore("one")
          gate.open()
          try await eventually("the first one is back") {
            try await client.ask("x") == "one"
          }
        }
      }
    }
  }

  @Test func anOverloadedServersRequestGoesToAnother() async throws {
    let network = InMemoryTransport()
    let gate = Gate()
    var limits = RPCServerLimits.standard
    (limits.concurrency, limits.queuedRequests) = (1, 0)
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .all) { _, _ in
      try await gate.pass()
      return Idempotent("full")
    }
    try await withServer(on: network, at: "full", limits: limits, router: router) { _, _ in
      try await withClient(of: ["full"], on: network) { filler in
        let filling = Task { try await filler.call(Idempotent("x"), deadline: .seconds(60)) }
        try await eventually { gate.arrived == 1 }
        try await withServer(on: network, at: "spare", router: named("spare")) { _, _ in
          try await withClient(of: ["full", "spare"], on: network) { client in
            // It is refused as long as there is nobody else.
            try await eventually("both are connected") { (try? await client.ask("x")) == "spare" }
            for _ in 0..<50 { try await client.expectAnswer("spare", to: "x") }
          }
        }
        gate.open()
        let fillingAnswer = try await filling.value
        #expect(fillingAnswer.text == "full")
      }
    }
  }

  @Test func theSystemsResolverFindsEveryAddress() async throws {
    let resolver = SystemEndpointResolver()
    #expect(try await resolver.addresses(of: "ipc:///run/x.ipc") == ["ipc:///run/x.ipc"])
    #expect(try await resolver.addresses(of: "tcp://127.0.0.1:7102") == ["tcp://127.0.0.1:7102"])
    #expect(try await resolver.addresses(of: "tcp://[::1]:7102") == ["tcp://[::1]:7102"])
    #expect(try await resolver.addresses(of: "tcp://localhost:7102").contains("tcp://127.0.0.1:7102"))
    for wrong in ["tcp://host", "tcp://host:http", "tcp://host:70000"] {
      let error = await #expect(throws: ResolutionError.self) { try await resolver.addresses(of: wrong) }
      #expect(error?.description.contains("tcp://HOST:PORT") == true)
    }
    let error = await #expect(throws: ResolutionError.self) {
      try await resolver.addresses(of: "tcp://no-such-host.invalid:7102")
    }
    #expect(error?.description.contains("no-such-host.invalid") == true)
  }

  @Test func aNameReachesARealServer() async throws {
    let port = try FreePort()
    try await withServer(at: "tcp://127.0.0.1:\(port.number)", router: named("here")) { _, _ in
      let text = try await withRPCClient(endpoints: ["tcp://localhost:\(port.number)"], logger: .quiet) {
        try await $0.call(Idempotent("x")).text
      }
      #expect(text == "here")
    }
  }
}
