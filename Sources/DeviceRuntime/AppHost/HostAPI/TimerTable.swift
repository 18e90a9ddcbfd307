import AppLink
import DeviceProtocol

/// An app's timers, by monotonic nanoseconds. Holds no clock of its own.
struct TimerTable {
  /// A shorter period would be nothing but load.
  static let minimumPeriod: Int64 = 100_000
  /// Far enough, and no sum of two overflows: 100 years.
  static let maximumTime: Int64 = 100 * 366 * 86_400 * 1_000_000_000

  struct Tick: Equatable {
    var handle: Int32
    /// When it was due.
    var due: UInt64
    /// Whole periods that have passed since then.
    var missed: Int64
  }

  private struct Timer {
    var due: UInt64
    var period: UInt64
  }

  private let capacity: Int
  private var timers: [Int32: Timer] = [:]
  private var lastHandle: Int32 = 0

  init(capacity: Int) {
    self.capacity = capacity
  }

  mutating func start(first: Int64, period: Int64, now: UInt64) throws(HostErrno) -> Int32 {
    guard (0...Self.maximumTime).contains(first),
      period == 0 || (Self.minimumPeriod...Self.maximumTime).contains(period)
    else { throw .invalid }
    guard timers.count < capacity else { throw .noSpace }
    repeat {
      lastHandle = lastHandle == .max ? 1 : lastHandle + 1
    } while timers[lastHandle] != nil
    timers[lastHandle] = Timer(due: now + UInt64(first), period: UInt64(period))
    return lastHandle
  }

  mutating func stop(_ handle: Int32) throws(HostErrno) {
    guard timers.removeValue(forKey: handle) != nil else { throw .badHandle }
  }

  /// When the next one is due; nil if there is none.
  var nextDue: UInt64? { timers.values.lazy.map(\.due).min() }

  /// Takes the tick that has been due the longest, if any is due, and sets its timer for the next one.
  mutating func takeDue(now: UInt64) -> Tick? {
    guard let (handle, timer) = timers.min(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }), timer.due <= now
    else { return nil }
    guard timer.period > 0 else {
      timers[handle] = nil
      return Tick(handle: handle, due: timer.due, missed: 0)
    }
    let missed = (now - timer.due) / timer.period
    timers[handle]?.due = timer.due + (missed + 1) * timer.period
    return Tick(handle: handle, due: timer.due, missed: Int64(missed))
  }
}
