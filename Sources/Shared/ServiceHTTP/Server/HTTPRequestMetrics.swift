import HTTPTypes
import Metrics
import Synchronization

/// Counts and times the requests of a server, by route pattern, never by path.
final class HTTPRequestMetrics: Sendable {
  private struct Key: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  private struct Handles: Sendable {
    let count: Counter
    let duration: Timer
  }

  private let server: String
  private let handles = Mutex<[Key: Handles]>([:])

  /// - Parameter server: which of the process's servers, for example `registry`.
  init(server: String) {
    self.server = server
  }

  /// - Parameter duration: until the response's body begins.
  func record(route: String, method: HTTPRequest.Method, status: HTTPResponse.Status, duration: Duration) {
    // Any token is a method; only the usual ones get a series of their own.
    let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    let key = Key(route: route, method: known.contains(method) ? method.rawValue : "other", status: status.code)
    let handles = handles.withLock { all in
      if let existing = all[key] { return existing }
      let dimensions = [("server", server), ("route", key.route), ("method", key.method)]
      let new = Handles(
        count: Counter(label: "http_server_requests", dimensions: dimensions + [("status", String(key.status))]),
        duration: Timer(label: "http_server_request_duration", dimensions: dimensions))
      all[key] = new
      return new
    }
    handles.count.increment()
    let (seconds, attoseconds) = duration.components
    handles.duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
