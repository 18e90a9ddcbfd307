/// The code that says what kind of error a server reports, five characters in `rawValue`: appendix A of PostgreSQL's
/// manual, after whose conditions the constants are named.
package struct SQLState: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
  package let rawValue: String

  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  package var description: String { rawValue }

  /// The first two characters: a family of errors.
  var errorClass: Substring { rawValue.prefix(2) }

  /// Also what a standby says: "cannot execute … during recovery".
  static let readOnlyTransaction = SQLState(rawValue: "25006")
  /// The server ended a session that held a transaction open and did nothing.
  static let idleInTransactionTimeout = SQLState(rawValue: "25P03")
  /// Another transaction was in the way, under an isolation that lets none be.
  static let serializationFailure = SQLState(rawValue: "40001")
  /// Two transactions waited for each other, and the server ended this one.
  static let deadlockDetected = SQLState(rawValue: "40P01")
  /// The server has no room left on its disk.
  package static let diskFull = SQLState(rawValue: "53100")
  /// A lock was not to be had in time.
  static let lockNotAvailable = SQLState(rawValue: "55P03")
  /// The statement was cancelled: by a request of the client, or by the server's own statement timeout.
  package static let queryCanceled = SQLState(rawValue: "57014")
  /// The session was ended by an administrator, or by a server that shuts down.
  package static let adminShutdown = SQLState(rawValue: "57P01")
  /// Another process of the server crashed, so it ended all sessions.
  static let crashShutdown = SQLState(rawValue: "57P02")
  /// The server starts, stops or recovers, and takes no connections yet.
  static let cannotConnectNow = SQLState(rawValue: "57P03")
  /// The database was removed.
  static let databaseDropped = SQLState(rawValue: "57P04")
  /// The server ended a session that did nothing for too long.
  static let idleSessionTimeout = SQLState(rawValue: "57P05")

  /// The server ends the session, or is about to, for a reason that has nothing to do with the statement.
  var endsSession: Bool {
    errorClass == "08"
      || [
        .adminShutdown, .crashShutdown, .cannotConnectNow, .databaseDropped, .idleSessionTimeout,
        .idleInTransactionTimeout,
      ].contains(self)
  }
}
