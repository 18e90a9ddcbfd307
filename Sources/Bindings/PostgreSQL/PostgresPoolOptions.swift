/// The bounds of a pool.
package struct PostgresPoolOptions: Sendable {
  /// How many connections (and threads) there are at most.
  package var maximumConnections = 10
  /// How many callers may wait for one; more are turned away at once.
  package var maximumWaiters = 512
  /// How long a caller waits for a connection, the making of one included.
  package var acquireTimeout: Duration = .seconds(5)
  /// How long the server lets one statement run.
  package var statementTimeout: Duration = .seconds(30)
  /// How long the server lets a transaction hold its locks and do nothing.
  package var idleInTransactionTimeout: Duration = .seconds(60)
  /// When a connection is replaced, so that changed addresses and settings take effect and what
  /// piled up in the server's process goes away. Shortened by up to a tenth at random, so that
  /// connections that were made together don't end together.
  package var maximumLifetime: Duration = .seconds(30 * 60)
  /// Shown in `pg_stat_activity`.
  package var applicationName = "xtblish"
  /// Counts what the pool does; nil: nobody does.
  package var observer: (any PostgresPoolObserver)?

  /// The bounds that are given below.
  package static let standard = PostgresPoolOptions()

  package init() {}
}
