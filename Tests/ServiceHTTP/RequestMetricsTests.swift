import HTTPTypes
import ServiceKit
import TestSupport
import Testing

@testable import ServiceHTTP

@Suite(.seated) struct RequestMetricsTests {
  private let registry = MetricsRegistry()

  @Test func longPollsDoNotSpoilTheTimesOfOtherRequests() {
    let metrics = HTTPRequestMetrics(server: "played", factory: registry)
    metrics.begin()
    metrics.begin()
    #expect(registry.exposition().contains("http_server_requests_in_progress{server=\"played\"} 2\n"))
    metrics.record(route: "/a", method: .get, status: .notFound, duration: .milliseconds(2), isLongPoll: false)
    metrics.record(route: "/a", method: .get, status: .ok, duration: .seconds(30), isLongPoll: true)
    let text = registry.exposition()
    let labels = "method=\"GET\",route=\"/a\",server=\"played\""
    #expect(text.contains("http_server_requests_in_progress{server=\"played\"} 0\n"))
    #expect(text.contains("http_server_request_duration_seconds_sum{\(labels),status_class=\"4xx\"} 0.002\n"))
    #expect(!text.contains("http_server_request_duration_seconds_count{\(labels),status_class=\"2xx\"}"))
    #expect(text.contains("http_server_long_poll_duration_seconds_sum{\(labels),status_class=\"2xx\"} 30\n"))
    #expect(text.contains("http_server_requests_total{\(labels),status=\"200\"} 1\n"))
  }
}
