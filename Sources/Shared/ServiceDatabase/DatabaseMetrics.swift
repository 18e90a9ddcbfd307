import Metrics
package import PostgreSQL

/// Counts what a service asks of its database.
package final class DatabaseMetrics: PostgresPoolObserver {
  private let waits = Timer(label: "postgres_pool_wait_seconds")
  private let exhausted = Counter(label: "postgres_pool_refused_total", dimensions: [("reason", "exhausted")])
  private let unreachable = Counter(label: "postgres_pool_refused_total", dimensions: [("reason", "unreachable")])
  private let used = Gauge(label: "postgres_pool_connections", dimensions: [("state", "used")])
  private let idle = Gauge(label: "postgres_pool_connections", dimensions: [("state", "idle")])
  private let most = Gauge(label: "postgres_pool_max_connections")
  private let waiting = Gauge(label: "postgres_pool_waiting_callers")
  private let opened = Counter(label: "postgres_connections_opened_total")
  private let statements = Counter(label: "postgres_statements_total")
  private let transactions = Counter(label: "postgres_transactions_total")
  private let trips = Timer(label: "postgres_round_trip_duration_seconds")
  private let failures = Counter(label: "postgres_failures_total")

  package init() {}

  /// Sets the gauges of a pool. To be called before they are read: they change with every statement.
  package func record(_ pool: PostgresPool) {
    let now = pool.statistics
    used.record(now.lentCount)
    idle.record(now.idleCount)
    waiting.record(now.waiterCount)
    most.record(pool.options.maximumConnections)
  }

  /// As `PostgresPoolObserver` says.
  package func lent(after wait: Duration) {
    waits.recordNanoseconds(wait.nanoseconds)
  }

  /// As `PostgresPoolObserver` says.
  package func refused(_ error: PostgresError) {
    // Who went away, or asks a pool that ends, was not refused.
    switch error.kind {
    case .cancelled, .poolClosed: break
    case .poolExhausted: exhausted.increment()
    default: unreachable.increment()
    }
  }

  /// As `PostgresPoolObserver` says.
  package func connected() {
    opened.increment()
  }

  /// As `PostgresPoolObserver` says.
  package func performed(statements count: Int, beginsTransaction: Bool, in duration: Duration, failure: PostgresError?)
  {
    statements.increment(by: count)
    if beginsTransaction { transactions.increment() }
    trips.recordNanoseconds(duration.nanoseconds)
    if failure != nil { failures.increment() }
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
