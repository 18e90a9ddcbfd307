package import Foundations
package import PostgreSQL

extension RequestFailure {
  /// What an error of the database means for whoever sent the request; nil if it is a fault of this program, which
  /// neither time nor the caller can mend.
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
