internal import Glibc

/// What waits for the app's thread. That thread sleeps here between events, to the nanosecond that its next timer
/// is due: a condition variable on the monotonic clock is woken by the same high-resolution timer as
/// `clock_nanosleep`.
// Unchecked: the variables are read and written only while `mutex` is held, and the pointers never change.
final class AppInbox: @unchecked Sendable {
  enum Item: Sendable, Equatable {
    /// Nothing comes after it.
    case stop
    case published(id: UInt64, reasonCode: UInt8)
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var items: [Item] = []
  private var isActivated = false
  private var isStopped = false

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func put(_ item: Item) {
    pthread_mutex_lock(mutex)
    if item == .stop { isStopped = true } else { items.append(item) }
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func activate() {
    pthread_mutex_lock(mutex)
    isActivated = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Waits until events may be handled. False: the app is to stop instead.
  func waitForActivation() -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isActivated, !isStopped { pthread_cond_wait(condition, mutex) }
    return !isStopped
  }

  /// The next item, without waiting; a stop goes before all others.
  func take() -> Item? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if isStopped { return .stop }
    return items.isEmpty ? nil : items.removeFirst()
  }

  /// Waits until there is an item, or the monotonic clock shows `deadline`; for ever without one.
  func wait(until deadline: UInt64?) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while items.isEmpty, !isStopped {
      guard let deadline else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
      if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return }
    }
  }
}
