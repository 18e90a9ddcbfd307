import Metrics
import Synchronization

/// A counter for the metrics whose `value` `status` can read too; a counter of swift-metrics can only be written.
package final class Tally: Sendable {
  private let counter: Counter
  private let count = Atomic<Int>(0)

  /// - Parameter label: the counter's name in the metrics.
  package init(label: String) {
    counter = Counter(label: label)
  }

  package var value: Int { count.load(ordering: .relaxed) }

  /// Counts one more.
  package func increment() {
    counter.increment()
    count.add(1, ordering: .relaxed)
  }
}
