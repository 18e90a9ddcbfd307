import Metrics
import Synchronization
import Wire

/// The counts and times of one kind of request, at one side.
final class RPCMetrics: Sendable {
  private let prefix: String
  private let dimensions: [(String, String)]
  private let requests: Counter
  private let duration: Metrics.Timer
  private let failures = Mutex<[Int: Counter]>([:])

  /// - Parameters:
  ///   - side: `client` or `server`, the second word of each name.
  ///   - name: of the client or server, to tell apart several in one process.
  init(side: String, name: String, kind: String) {
    prefix = "rpc_\(side)"
    dimensions = [("name", name), ("kind", kind)]
    requests = Counter(label: "\(prefix)_requests_total", dimensions: dimensions)
    duration = Metrics.Timer(label: "\(prefix)_duration_seconds", dimensions: dimensions)
  }

  /// Notes a finished request.
  func record(since started: ContinuousClock.Instant, failure: WireFailure.Code?) {
    requests.increment()
    let (seconds, attoseconds) = (ContinuousClock.now - started).components
    duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    if let failure { counter(for: failure).increment() }
  }

  private func counter(for code: WireFailure.Code) -> Counter {
    failures.withLock { failures in
      if let counter = failures[code.rawValue] { return counter }
      let counter = Counter(label: "\(prefix)_failures_total", dimensions: dimensions + [("code", "\(code)")])
      failures[code.rawValue] = counter
      return counter
    }
  }
}
