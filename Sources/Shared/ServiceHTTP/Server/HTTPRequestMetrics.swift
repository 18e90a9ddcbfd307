import HTTPTypes
import Metrics
import Synchronization

/// Counts and times the requests of a server, by route pattern, never by path.
///
/// Long polls, which wait for something to happen, have a histogram of their own: their times would hide how fast
/// everything else is.
final class HTTPRequestMetrics: Sendable {
  private struct Key: Hashable {
    let route: String
    let method: String
    let status: Int
    let isLongPoll: Bool
  }

  private struct Handles: Sendable {
    let count: Counter
    let duration: Timer
  }

  private let server: String
  private let factory: any MetricsFactory
  private let inProgress: Meter
  private let handles = Mutex<[Key: Handles]>([:])

  /// - Parameters:
  ///   - server: which of the process's servers, for example `registry`.
  ///   - factory: where the metrics are kept: the process's own, but in tests.
  init(server: String, factory: any MetricsFactory = MetricsSystem.factory) {
    self.server = server
    self.factory = factory
    inProgress = Meter(
      label: "http_server_requests_in_progress", dimensions: [("server", server)], factory: factory)
    inProgress.set(0)
  }

  /// To be called when a request came; `record` follows.
  func begin() {
    inProgress.increment()
  }

  /// Notes a request that is answered.
  ///
  /// - Parameters:
  ///   - duration: until the response's body begins.
  ///   - isLongPoll: whether it waited for something to happen.
  func record(
    route: String, method: HTTPRequest.Method, status: HTTPResponse.Status, duration: Duration, isLongPoll: Bool
  ) {
    inProgress.decrement()
    // Any token is a method; only the usual ones get a series of their own.
    let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    let key = Key(
      route: route, method: known.contains(method) ? method.rawValue : "other", status: status.code,
      isLongPoll: isLongPoll)
    let handles = handles.withLock { all in
      if let existing = all[key] { return existing }
      let new = makeHandles(key)
      all[key] = new
      return new
    }
    handles.count.increment()
    let (seconds, attoseconds) = duration.components
    handles.duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  private func makeHandles(_ key: Key) -> Handles {
    let dimensions = [("server", server), ("route", key.route), ("method", key.method)]
    return Handles(
      count: Counter(
        label: "http_server_requests", dimensions: dimensions + [("status", String(key.status))], factory: factory),
      // By class alone: a histogram has a series for each of its bounds.
      duration: Timer(
        label: key.isLongPoll ? "http_server_long_poll_duration" : "http_server_request_duration",
        dimensions: dimensions + [("status_class", "\(key.status / 100)xx")], factory: factory))
  }
}
