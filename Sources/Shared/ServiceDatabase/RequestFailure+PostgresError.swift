package import Foundations
package import PostgreSQL

extension RequestFailure {
  /// What an error of the database means for whoever sent the request; nil if it is a fault of this program, which
  /// neither time nor the caller can mend.
  package init?(database error: PostgresError) {
    if error.kind == .poolExhausted {
      self.init(
        .overloaded, reason: "database-busy",
        message: "all connections to the database are busy: try again shortly", retryAfterMilliseconds: 1000)
    } else if error.isReadOnly {
      self.init(
        .unavailable, reason: "database-read-only",
        message: "the database takes no changes at this moment, as during a failover: try again shortly",
        retryAfterMilliseconds: 1000)
    } else if error.sqlState == .diskFull {
      self.init(
        .overloaded, reason: "database-full",
        message: "the database's disk is full: make room on it, then try again", retryAfterMilliseconds: 5000)
    } else if error.isTransient || error.kind == .poolClosed {
      self.init(
        .unavailable, reason: "database-unavailable",
        message: "the database is down or too slow to answer in time: try again shortly",
        retryAfterMilliseconds: 1000)
    } else {
      return nil
    }
  }
}
