import Dispatch
import TestSupport

/// A raw connection whose blocking calls stay off the threads that run tasks: the server under test
/// needs them.
struct RawExchange: Sendable {
  private let client: RawTCPClient

  init(port: Int) throws {
    client = try RawTCPClient(port: port)
  }

  func send(_ text: String) async throws {
    try await send(Array(text.utf8))
  }

  func send(_ bytes: [UInt8]) async throws {
    try await blocking { try client.send(bytes) }
  }

  /// What came until it contains `text`, or the peer closed.
  func receive(until text: String) async throws -> String {
    try await blocking {
      let bytes = try client.receive { String(decoding: $0, as: UTF8.self).contains(text) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  func closeSending() { client.closeSending() }
  func reset() { client.reset() }

  private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
