/// Why something asked of PostgreSQL was not done: the `kind`, and for a complaint of the server its `sqlState` and,
/// where it is about one, the names of the `constraint`, `schema`, `table` or `column`.
///
/// Its description holds neither values of statements nor the connection's password.
package struct PostgresError: Error, Sendable, Hashable {
  /// Who or what failed. To decide whether to try again, see ``PostgresError/isTransient`` and its parts.
  package enum Kind: Sendable, Hashable {
    /// The server refused the statement: see ``PostgresError/sqlState``.
    case server
    /// No connection could be made.
    case connectionFailed
    /// The connection broke while a statement ran: whether it took effect is not known, unless it
    /// ran inside a transaction, which is then rolled back.
    case connectionLost
    /// The connection broke while committing: the transaction may have taken effect or not.
    case commitOutcomeUnknown
    /// The task was cancelled; a statement that ran was cancelled on the server as well.
    case cancelled
    /// The deadline passed; a statement that ran was cancelled on the server as well.
    case deadlineExceeded
    /// Every connection stayed busy until the deadline, or too many callers wait already.
    case poolExhausted
    case poolClosed
    /// A column is missing, NULL, or of another type than asked for.
    case decoding
    /// The database URL is not usable.
    case configuration
    /// The program used this module wrongly, as by keeping a connection after its scope ended.
    case misuse
  }

  package var kind: Kind
  /// What went wrong, in one line, for people.
  package var message: String
  package var sqlState: SQLState?
  /// The server's word for how bad it is, never translated: `ERROR`, `FATAL` or `PANIC`.
  var severity: String?
  /// May quote stored values: not for clients.
  package var detail: String?
  /// What the server suggests to do about it.
  var hint: String?
  package var schema: String?
  package var table: String?
  package var column: String?
  package var constraint: String?

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

extension PostgresError {
  /// The task was cancelled.
  package var isCancelled: Bool { kind == .cancelled }

  /// The server can't be reached, went away or is going away: the same may succeed later.
  package var isConnectionFailure: Bool {
    switch kind {
    case .connectionFailed, .connectionLost, .commitOutcomeUnknown: true
    case .server: sqlState?.endsSession ?? false
    default: false
    }
  }

  /// The server takes no changes: it is a standby, was made read-only, or is no longer the primary.
  package var isReadOnly: Bool { sqlState == .readOnlyTransaction }

  /// Whether the session that a statement failed in is of no more use, although its connection may stand.
  var condemnsSession: Bool { isReadOnly || (kind == .server && sqlState?.endsSession == true) }

  /// Another transaction was in the way: the whole transaction may be run again.
  package var isTransactionConflict: Bool {
    kind == .server && (sqlState == .serializationFailure || sqlState == .deadlockDetected)
  }

  /// Lack of resources (memory, disk, connections), here or at the server, or a failure of its disk: the same may
  /// succeed later.
  var isOverload: Bool {
    kind == .poolExhausted || (kind == .server && (sqlState?.errorClass == "53" || sqlState?.errorClass == "58"))
  }

  /// The statement took too long, by the caller's deadline or by the server's own statement timeout.
  package var isTimeout: Bool { kind == .deadlineExceeded || (kind == .server && sqlState == .queryCanceled) }

  /// Nothing is wrong with the request: the same may succeed later.
  package var isTransient: Bool {
    isConnectionFailure || isReadOnly || isTransactionConflict || isOverload || isTimeout
      || (kind == .server && sqlState == .lockNotAvailable)
  }
}

extension PostgresError: CustomStringConvertible {
  package var description: String {
    var text = message
    if let hint { text += ". \(hint)" }
    if let sqlState { text += " (SQLSTATE \(sqlState))" }
    return text
  }
}
