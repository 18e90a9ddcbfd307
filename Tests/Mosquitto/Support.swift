import Mosquitto
import TestSupport

extension MosquittoServer {
  /// A started client of this broker, quick to come back. Closed when the last reference goes.
  func client(
    _ name: String = "", _ change: (inout MQTTClientOptions) -> Void = { _ in }
  ) throws -> MQTTClient {
    var options = MQTTClientOptions(
      host: host, port: UInt16(port), clientID: "test-\(name)-\(UInt64.random(in: .min ... .max))")
    options.reconnectInitialDelay = .milliseconds(20)
    options.reconnectMaximumDelay = .milliseconds(200)
    change(&options)
    let client = try MQTTClient(options: options)
    try client.start()
    return client
  }

  func connectedClient(
    _ name: String = "", _ change: (inout MQTTClientOptions) -> Void = { _ in }
  ) async throws -> MQTTClient {
    let client = try client(name, change)
    try await client.waitUntilConnected(timeout: patience)
    return client
  }
}

/// Runs the body, and throws when it takes longer than the limit.
func within<Value: Sendable>(
  _ what: String, limit: Duration = patience, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask(operation: body)
    group.addTask {
      // Sleeps: the bound, reached only when the test fails.
      try await Task.sleep(for: limit)
      throw TestFailure("\(what): not within \(limit)")
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw TestFailure("\(what): nothing ran") }
    return value
  }
}

/// The next messages of a client.
func receive(_ count: Int, from client: MQTTClient, within limit: Duration = patience) async throws -> [MQTTMessage] {
  try await within("\(count) messages", limit: limit) {
    var messages: [MQTTMessage] = []
    var iterator = client.messages.makeAsyncIterator()
    while messages.count < count, let message = await iterator.next() { messages.append(message) }
    return messages
  }
}

/// The error that the body throws; a failure of the test if it throws none or another kind.
func mqttError(_ body: () async throws -> Void) async throws -> MQTTError {
  do {
    try await body()
  } catch let error as MQTTError {
    return error
  }
  throw TestFailure("no error was thrown")
}

func text(_ messages: [MQTTMessage]) -> [String] {
  messages.map { String(decoding: $0.payload, as: UTF8.self) }
}
