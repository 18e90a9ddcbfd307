import Foundations
import PostgreSQL

/// Runs what asks the database, and throws in the place of a `PostgresError` what who asked can be told, if there is such.
package func translating<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw RequestFailure(database: error) ?? error
  }
}
