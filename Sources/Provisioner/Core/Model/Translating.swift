import PostgreSQL
import Wire

/// Tells the caller when the database is away or busy.
func translating<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw WireFailure(error) ?? error
  }
}
