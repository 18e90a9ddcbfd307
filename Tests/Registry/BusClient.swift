import Messaging

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryStorage

/// Runs `body` with a client of a Registry over the fixture's database, over real ZeroMQ.
func withClient(
  _ fixture: Fixture, _ body: @Sendable @escaping (RPCClient) async throws -> Void
) async throws {
  var router = RPCRouter()
  RegistryRPC(
    store: fixture.store, authority: RequestAuthority(store: fixture.store, logger: .quiet), logger: .quiet
  ).addHandlers(to: &router)
  let server = RPCServer(name: "registry", listening: "tcp://127.0.0.1:0", router: router, logger: .quiet)
  try await running([server]) {
    let endpoint = try await server.boundAddress()
    try await withRPCClient(endpoints: [endpoint], logger: .quiet) { try await body($0) }
  }
}
