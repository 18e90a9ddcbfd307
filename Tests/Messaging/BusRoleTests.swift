import Messaging
import TestSupport
import Testing
import Wire

/// Which roles may send which kinds, on both transports.
@Suite(.seated, .timeLimit(.minutes(10))) struct BusRoleTests {
  enum Network: CaseIterable {
    case zeroMQ
    case inMemory
  }

  /// A server's transport, and a client's of somebody with this role.
  private func transports(
    _ network: Network, _ role: BusRole
  ) throws -> (server: any MessageTransport, client: any MessageTransport, endpoint: String) {
    switch network {
    case .inMemory:
      let network = InMemoryTransport()
      return (network, network.identified(as: BusPeer(role, "one")), "tcp://127.0.0.1:7102")
    case .zeroMQ:
      let keys = [try BusKey.generate(for: BusPeer(.registry, "r")), try BusKey.generate(for: BusPeer(role, "one"))]
      return (
        try fixedBus(.registry, "r", among: keys).transport,
        try fixedBus(role, "one", among: keys).transport(to: .registry), "tcp://127.0.0.1:*"
      )
    }
  }

  @Test(arguments: Network.allCases, BusRole.allCases)
  func onlyThoseNamedMaySend(network: Network, role: BusRole) async throws {
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: [.operator, .imageStore]) { request, _ in request }
    router.handle(Once.self, allowing: .all) { request, _ in request }
    let (server, client, endpoint) = try transports(network, role)
    try await withServer(on: server, at: endpoint, router: router) { _, endpoint in
      try await withClient(of: [endpoint], on: client) { client in
        // The fast way through the server takes the kind of the request before for granted.
        #expect(try await client.askOnce("x") == "x")
        if role == .operator || role == .imageStore {
          try await client.expectAnswer("x", to: "x")
        } else {
          for _ in 0..<3 {
            let failure = try await #require(throws: WireFailure.self) { try await client.ask("x") }
            #expect(failure.code == .permissionDenied && failure.reason == "role-not-allowed")
            #expect(failure.message.contains("\(role.rawValue):one"), "\(failure.message)")
            #expect(failure.message.contains("image-store or operator"), "\(failure.message)")
          }
        }
        #expect(try await client.askOnce("y") == "y")
      }
    }
  }

  @Test(arguments: Network.allCases) func aKindForNobodyIsRefusedToAll(network: Network) async throws {
    var router = RPCRouter()
    router.handle(Idempotent.self) { request, _ in request }
    let (server, client, endpoint) = try transports(network, .operator)
    try await withServer(on: server, at: endpoint, router: router) { _, endpoint in
      try await withClient(of: [endpoint], on: client) { client in
        let failure = try await #require(throws: WireFailure.self) { try await client.ask("x") }
        #expect(failure.code == .permissionDenied && failure.message.contains("nobody may"))
      }
    }
  }

  /// Two clients take turns, so that what is known of the one must not be taken for the other.
  @Test func eachMessageCountsForItsSender() async throws {
    let keys = try [BusPeer(.registry, "r"), BusPeer(.operator, "o"), BusPeer(.monitor, "m")].map {
      try BusKey.generate(for: $0)
    }
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .operator) { _, context in Idempotent("\(context.peer!)") }
    try await withServer(on: try fixedBus(.registry, "r", among: keys).transport, router: router) { _, endpoint in
      try await withClient(of: [endpoint], on: try fixedBus(.operator, "o", among: keys).transport(to: .registry)) {
        allowed in
        try await withClient(of: [endpoint], on: try fixedBus(.monitor, "m", among: keys).transport(to: .registry)) {
          denied in
          for _ in 0..<200 {
            async let good = allowed.ask("x")
            await #expect(throws: WireFailure.self) { try await denied.ask("x") }
            let answer = try await good
            #expect(answer == "operator:o")
          }
        }
      }
    }
  }
}
