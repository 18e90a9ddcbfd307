import Logging
import PostgreSQL
import Synchronization
import TestSupport

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) {
    mutex = Mutex(value)
  }

  var value: Value { mutex.withLock { $0 } }

  func change(_ body: (inout Value) -> Void) {
    mutex.withLock { value in
      var copy = value
      body(&copy)
      value = copy
    }
  }
}

/// Runs `body` with a pool on a new, empty database of the shared server.
@discardableResult
func withPool<Answer: Sendable>(
  _ change: (inout PostgresPoolOptions) -> Void = { _ in },
  _ body: (PostgresPool) async throws -> Answer
) async throws -> Answer {
  let url = try await PostgresServer.shared().createDatabase()
  return try await withPool(url: url, change, body)
}

@discardableResult
func withPool<Answer: Sendable>(
  url: String, _ change: (inout PostgresPoolOptions) -> Void = { _ in },
  _ body: (PostgresPool) async throws -> Answer
) async throws -> Answer {
  var options = PostgresPoolOptions.standard
  // For a machine that has other things to do; tests of the limit set their own.
  options.acquireTimeout = .seconds(60)
  change(&options)
  let pool = try PostgresPool(url: url, options: options, logger: quietLogger)
  do {
    let answer = try await body(pool)
    await pool.close()
    return answer
  } catch {
    await pool.close()
    throw error
  }
}

/// The error that `body` throws, if it is one of PostgreSQL's.
func postgresError(_ body: () async throws -> Void) async -> PostgresError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? PostgresError
  }
}
