import Foundations
import PostgreSQL

/// Runs queries, and turns a `PostgresError` of theirs into a `RequestFailure` where there is one that the caller can
/// be told.
package func translating<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw RequestFailure(database: error) ?? error
  }
}
