package import Logging

/// Runs `body` with a client that lives as long as `body` runs: for programs that ask something and end.
package func withRPCClient<T: Sendable>(
  name: String = "the service", endpoints: [String], options: RPCClientOptions = .standard,
  transport: any MessageTransport = ZeroMQTransport(), logger: Logger,
  _ body: (RPCClient) async throws -> T
) async throws -> T {
  let client = RPCClient(name: name, endpoints: endpoints, options: options, transport: transport, logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await client.run() }
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body(client)) } catch { outcome = .failure(error) }
    group.cancelAll()
    try await group.waitForAll()
    return try outcome.get()
  }
}
