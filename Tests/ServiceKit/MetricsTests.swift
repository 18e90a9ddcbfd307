import CoreMetrics
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.seated) struct MetricsTests {
  private let registry = MetricsRegistry()

  @Test func countersAndGauges() {
    registry.makeCounter(label: "rpc.requests", dimensions: [("b", "2"), ("a", "1")]).increment(by: 3)
    registry.makeCounter(label: "rpc.requests", dimensions: [("a", "1"), ("b", "2")]).increment(by: 4)
    let gauge = registry.makeMeter(label: "queue-length", dimensions: [])
    gauge.set(2.5)
    gauge.increment(by: 1)
    let text = registry.exposition()
    #expect(text.contains("# TYPE rpc_requests_total counter\nrpc_requests_total{a=\"1\",b=\"2\"} 7\n"))
    #expect(text.contains("# TYPE queue_length gauge\nqueue_length 3.5\n"))
    #expect(text.contains("process_resident_memory_bytes "))
    #expect(text.contains("xtblish_build_info{version=\"\(XtblishVersion.current)\"} 1\n"))
  }

  @Test func timersAreCumulativeHistogramsInSeconds() {
    let timer = registry.makeTimer(label: "call_duration", dimensions: [("kind", "x")])
    timer.recordNanoseconds(1_000_000)
    timer.recordNanoseconds(2_000_000_000)
    timer.recordNanoseconds(3_600_000_000_000)
    let text = registry.exposition()
    #expect(text.contains("# TYPE call_duration_seconds histogram\n"))
    #expect(text.contains("call_duration_seconds_bucket{kind=\"x\",le=\"0.0005\"} 0\n"))
    #expect(text.contains("call_duration_seconds_bucket{kind=\"x\",le=\"0.001\"} 1\n"))
    #expect(text.contains("call_duration_seconds_bucket{kind=\"x\",le=\"2.5\"} 2\n"))
    #expect(text.contains("call_duration_seconds_bucket{kind=\"x\",le=\"60\"} 2\n"))
    #expect(text.contains("call_duration_seconds_bucket{kind=\"x\",le=\"+Inf\"} 3\n"))
    #expect(text.contains("call_duration_seconds_sum{kind=\"x\"} 3602.001\n"))
    #expect(text.contains("call_duration_seconds_count{kind=\"x\"} 3\n"))
  }

  @Test func labelsCannotBreakOut() {
    registry.makeCounter(label: "1 bad-name\n", dimensions: [("a b", "x\"} 1\nevil 2\\")]).increment(by: 1)
    let text = registry.exposition()
    #expect(text.contains("_1_bad_name__total{a_b=\"x\\\"} 1\\nevil 2\\\\\"} 1\n"))
    #expect(!text.split(separator: "\n").contains { $0.hasPrefix("evil") })
  }

  @Test func seriesAreBounded() {
    for index in 0..<(MetricsRegistry.maximumSeriesPerMetric + 10) {
      registry.makeCounter(label: "wild", dimensions: [("path", "/\(index)")]).increment(by: 1)
    }
    let text = registry.exposition()
    #expect(text.split(separator: "\n").count { $0.hasPrefix("wild_total{") } == MetricsRegistry.maximumSeriesPerMetric)
    #expect(text.contains("xtblish_metrics_dropped_series 10\n"))
  }

  @Test func oneNameHasOneKind() {
    registry.makeMeter(label: "thing_total", dimensions: []).set(5.0)
    registry.makeCounter(label: "thing", dimensions: [("a", "b")]).increment(by: 1)
    let text = registry.exposition()
    #expect(text.contains("# TYPE thing_total gauge\nthing_total 5\n"))
    #expect(!text.contains("thing_total{"))
  }

  @Test func destroyedSeriesAreGone() {
    let counter = registry.makeCounter(label: "short", dimensions: [])
    counter.increment(by: 1)
    registry.destroyCounter(counter)
    #expect(!registry.exposition().contains("short_total"))
    registry.makeCounter(label: "short", dimensions: []).increment(by: 2)
    #expect(registry.exposition().contains("short_total 2\n"))
  }

  @Test func manyThreadsCountRight() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 {
            registry.makeCounter(label: "busy", dimensions: []).increment(by: 1)
            registry.makeRecorder(label: "sizes", dimensions: [], aggregate: true).record(Int64(10))
          }
        }
      }
    }
    let text = registry.exposition()
    #expect(text.contains("busy_total 8000\n"))
    #expect(text.contains("sizes_count 8000\n") && text.contains("sizes_bucket{le=\"16\"} 8000\n"))
  }

  @Test func aProcessTellsWhatPrometheusExpectsOfIt() throws {
    let text = registry.exposition()
    func value(_ name: String) throws -> Double {
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
      return try #require(Double(line.dropFirst(name.count + 1)))
    }
    let now = Date().timeIntervalSince1970
    #expect(try value("process_start_time_seconds") < now && value("process_start_time_seconds") > now - 86_400)
    #expect(try abs(value("xtblish_clock_timestamp_seconds") - now) < 5)
    #expect(try value("process_threads") >= 1)
    #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
    #expect(text.contains("process_context_switches_total{type=\"voluntary\"} "))
  }

  @Test func figuresAreLookedUpWhenTheyAreFetched() async {
    let gauge = registry.makeMeter(label: "depth", dimensions: [])
    let looks = Mutex(0)
    registry.addCollector("queue", every: .seconds(3_600)) {
      gauge.set(
        Double(
          looks.withLock {
            $0 += 1; return $0
          }))
    }
    #expect(!registry.exposition().contains("xtblish_metrics_collected_timestamp_seconds"))
    #expect(await registry.currentExposition().contains("depth 1\n"))
    // What was found counts for the interval.
    let again = await registry.currentExposition()
    #expect(again.contains("depth 1\n"))
    #expect(again.contains("xtblish_metrics_collected_timestamp_seconds{collector=\"queue\"} "))
  }

  @Test func figuresThatCannotBeLookedUpHoldUpNothing() async {
    registry.makeCounter(label: "others", dimensions: []).increment(by: 1)
    registry.addCollector("broken", every: .zero) { throw TestFailure("no database") }
    let text = await registry.currentExposition()
    #expect(text.contains("others_total 1\n"))
    #expect(!text.contains("collector=\"broken\""))
  }

  @Test(arguments: [true, false]) func aCostlyLookIsFollowedByAPause(isCostly: Bool) async {
    let looks = Mutex(0)
    let collector = MetricCollector(name: "devices", interval: .zero, isCostly: isCostly) {
      looks.withLock { $0 += 1 }
      let end = ContinuousClock.now + .milliseconds(100)
      while ContinuousClock.now < end { await Task.yield() }
    }
    for _ in 1...2 { await collector.collect(patience: .seconds(60)) }
    #expect(looks.withLock { $0 } == (isCostly ? 1 : 2))
  }

  /// As while the database is away: what is mended must show at once.
  @Test func aLookThatFailedIsRepeatedAtOnce() async {
    let looks = Mutex(0)
    let collector = MetricCollector(name: "devices", interval: .zero, isCostly: true) {
      looks.withLock { $0 += 1 }
      throw TestFailure("no database")
    }
    for _ in 1...2 { await collector.collect(patience: .seconds(60)) }
    #expect(looks.withLock { $0 } == 2)
  }

  @Test func aSlowLookGoesOnAndIsToldLater() async throws {
    let (release, releaser) = AsyncStream<Void>.makeStream()
    let looks = Mutex(0)
    let collector = MetricCollector(name: "slow", interval: .zero) {
      looks.withLock { $0 += 1 }
      for await _ in release { break }
    }
    await collector.collect(patience: .zero)
    try await eventually { looks.withLock { $0 } == 1 }
    // One at a time.
    await collector.collect(patience: .zero)
    #expect(collector.collectedAt == nil)
    releaser.yield()
    try await eventually { collector.collectedAt != nil }
    #expect(looks.withLock { $0 } == 1)
  }
}
