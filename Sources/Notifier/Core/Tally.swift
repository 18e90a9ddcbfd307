import Metrics
import Synchronization

/// A count for the metrics that `status` can read too; a metric by itself can only be written.
final class Tally: Sendable {
  private let counter: Counter
  private let count = Atomic<Int>(0)

  init(label: String) {
    counter = Counter(label: label)
  }

  var value: Int { count.load(ordering: .relaxed) }

  func increment() {
    counter.increment()
    count.add(1, ordering: .relaxed)
  }
}
