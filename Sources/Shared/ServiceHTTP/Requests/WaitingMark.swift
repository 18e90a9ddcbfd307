import Synchronization

/// Whether a request waited for something to happen, rather than for the server's work. Set by its handler, and read
/// when it is answered.
final class WaitingMark: Sendable {
  private let value = Atomic(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set() { value.store(true, ordering: .relaxed) }
}
