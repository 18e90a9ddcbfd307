package import PostgreSQL
package import Wire

extension WireFailure {
  /// What callers are told when the database is away, busy, full or takes no changes.
  ///
  /// Nil for an error that neither time nor the caller can mend: a fault of this program.
  package init?(database error: PostgresError) {
    if error.kind == .poolExhausted {
      self.init(
        .overloaded, reason: "database-busy",
        message: "All connections to the database are busy. Try again shortly.", retryAfterMilliseconds: 1000)
    } else if error.isReadOnly {
      self.init(
        .unavailable, reason: "database-read-only",
        message: "The database takes no changes at this moment, as during a failover. Try again shortly.",
        retryAfterMilliseconds: 1000)
    } else if error.sqlState == .diskFull {
      self.init(
        .overloaded, reason: "database-full",
        message: "The database's disk is full: make room on it. Then try again.", retryAfterMilliseconds: 5000)
    } else if error.isTransient || error.kind == .poolClosed {
      self.init(
        .unavailable, reason: "database-unavailable",
        message: "The database is down or too slow to answer in time. Try again shortly.",
        retryAfterMilliseconds: 1000)
    } else {
      return nil
    }
  }
}

/// Runs what asks the database, and throws a `WireFailure` in the place of a `PostgresError` that callers can be told.
package func translating<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
  do {
    return try await body()
  } catch let error as PostgresError {
    throw WireFailure(database: error) ?? error
  }
}
