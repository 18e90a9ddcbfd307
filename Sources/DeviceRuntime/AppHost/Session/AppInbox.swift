import DeviceHardware
import Glibc
import Wire

/// What waits for the app's thread. That thread sleeps here between events, to the nanosecond that its next timer
/// is due: a condition variable on the monotonic clock is woken by the same high-resolution timer as
/// `clock_nanosleep`.
// Unchecked: the variables are read and written only while `mutex` is held, and the pointers never change.
final class AppInbox: @unchecked Sendable {
  enum Item: Sendable, Equatable {
    /// Nothing comes after it.
    case stop
    case published(id: UInt64, reasonCode: UInt8)
    case subscribed(handle: Int32, reasonCode: UInt8)
    case message(AppMessage)
    case pin(PinChange)
  }

  /// Messages and pin changes that may wait; more are dropped. Of all others there are no more than the app asked for.
  static let messageCapacity = 64
  static let pinCapacity = 256

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var items: [Item] = []
  private var messages = 0
  private var pinChanges = 0
  private var isActivated = false
  private var isStopped = false
  private var answer: WireKeyValueAnswer?

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

  /// Adds an item; false if there is no room for it.
  @discardableResult
  func put(_ item: Item) -> Bool {
    withLock {
      switch item {
      case .stop:
        isStopped = true
        pthread_cond_signal(condition)
        return true
      case .message:
        guard messages < Self.messageCapacity else { return false }
        messages += 1
      case .pin:
        guard pinChanges < Self.pinCapacity else { return false }
        pinChanges += 1
      case .published, .subscribed: break
      }
      items.append(item)
      pthread_cond_signal(condition)
      return true
    }
  }

  func activate() {
    withLock {
      isActivated = true
      pthread_cond_signal(condition)
    }
  }

  /// Waits until events may be handled. False: the app is to stop instead.
  func waitForActivation() -> Bool {
    withLock {
      while !isActivated, !isStopped { pthread_cond_wait(condition, mutex) }
      return !isStopped
    }
  }

  /// The next item, without waiting; a stop goes before all others.
  func take() -> Item? {
    withLock {
      if isStopped { return .stop }
      guard !items.isEmpty else { return nil }
      let item = items.removeFirst()
      switch item {
      case .message: messages -= 1
      case .pin: pinChanges -= 1
      case .stop, .published, .subscribed: break
      }
      return item
    }
  }

  /// Waits until there is an item, or the monotonic clock shows `deadline`; for ever without one.
  func wait(until deadline: UInt64?) {
    withLock {
      while items.isEmpty, !isStopped, sleep(until: deadline) {}
    }
  }

  /// The store's answer to the request that the app's thread waits for.
  func put(_ answer: WireKeyValueAnswer) {
    withLock {
      self.answer = answer
      pthread_cond_signal(condition)
    }
  }

  /// Waits for the answer to a request; nil when the monotonic clock shows `deadline`.
  func waitForAnswer(to id: UInt64, until deadline: UInt64) -> WireKeyValueAnswer? {
    withLock {
      // An answer that came too late is not this one's.
      while answer?.id != id {
        guard sleep(until: deadline) else { return nil }
      }
      defer { answer = nil }
      return answer
    }
  }

  private func withLock<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Sleeps until woken; the lock must be held. False when the deadline came.
  private func sleep(until deadline: UInt64?) -> Bool {
    guard let deadline else {
      pthread_cond_wait(condition, mutex)
      return true
    }
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
  }
}

/// Something that came from the broker.
struct AppMessage: Sendable, Equatable {
  /// The handles of the app's subscriptions that the message matches.
  var handles: [Int32]
  /// The topic below `/apps/{device}/`.
  var topic: String
  var payload: [UInt8]
}
