import CoreMetrics
import Synchronization

/// How values are distributed. Timers are kept in seconds.
final class HistogramSeries: TimerHandler, RecorderHandler, MetricSeries {
  /// From half a millisecond, a lookup in memory, to a minute, the slowest transfer that is waited for.
  static let secondsBounds: [Double] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]
  /// For counts and bytes: powers of four to 256 Mi.
  static let sizeBounds: [Double] = [
    1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216, 268_435_456,
  ]

  private let bounds: [Double]
  private let state: Mutex<State>

  private struct State {
    /// How many values lie at or under the bound of the same index, and over that before; the last is over all.
    var counts: [Int]
    var sum = 0.0
  }

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    // The bounds are few, and most values are in the lower ones.
    let index = bounds.firstIndex { value <= $0 } ?? bounds.count
    state.withLock {
      $0.counts[index] += 1
      $0.sum += value
    }
  }

  func lines(name: String, labels: String) -> String {
    let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
    let separator = labels.isEmpty ? "" : ","
    var text = ""
    var total = 0
    for (index, count) in counts.enumerated() {
      total += count
      let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
      text += "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(total)\n"
    }
    text += "\(name)_sum\(PrometheusText.braced(labels)) \(PrometheusText.number(sum))\n"
    return text + "\(name)_count\(PrometheusText.braced(labels)) \(total)\n"
  }
}
