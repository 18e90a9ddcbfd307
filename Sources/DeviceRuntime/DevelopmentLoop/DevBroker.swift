import AppLink
import DeviceProtocol
import Synchronization

/// Stands in for the broker of an app that runs alone: what it publishes comes back to its own subscriptions.
final class DevBroker: Sendable {
  private let filters = Mutex<[UInt32: TopicFilter]>([:])

  /// Forgets the subscriptions, for another start of the app.
  func begin() {
    filters.withLock { $0 = [:] }
  }

  func subscribe(_ handle: UInt32, _ filter: String) {
    // The host function lets no other filters through.
    guard let filter = TopicFilter(filter) else { return }
    filters.withLock { $0[handle] = filter }
  }

  func unsubscribe(_ handle: UInt32) {
    filters.withLock { $0[handle] = nil }
  }

  /// The subscriptions that match a topic.
  func handles(for topic: String) -> [UInt32] {
    guard let topic = TopicFilter(topic), topic.isTopic else { return [] }
    return filters.withLock { filters in filters.filter { $0.value.covers(topic) }.keys.sorted() }
  }
}
