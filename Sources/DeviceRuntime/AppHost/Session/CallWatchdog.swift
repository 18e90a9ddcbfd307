/// Decides when a call into the app has taken too long. Times are monotonic nanoseconds; it holds no clock.
struct CallWatchdog {
  enum Action: Equatable {
    case none
    /// Interrupt WebAssembly code. Of a call, once.
    case interrupt
    /// The call did not end after its interruption either, because it is not in WebAssembly code: end the process.
    case giveUp(call: String)
  }

  /// What is known of a program when it is looked at.
  struct Sample: Equatable {
    /// Processor time of its thread.
    var processorNanoseconds: UInt64
    /// Changes whenever the program waited, or wrote something.
    var activity: UInt64
  }

  /// Time for an interrupted call to end.
  static let graceNanoseconds: UInt64 = 1_000_000_000

  private enum State {
    case idle
    case call(String, deadline: UInt64, isInterrupted: Bool)
    case program(String, busyLimit: UInt64, last: Sample, nextLook: UInt64, interruptedAt: UInt64?)
  }

  private var state = State.idle

  /// When it must be looked at next; nil: when something begins.
  var nextLook: UInt64? {
    switch state {
    case .idle: nil
    case .call(_, let deadline, let isInterrupted): isInterrupted ? deadline &+ Self.graceNanoseconds : deadline
    case .program(_, _, _, let nextLook, let interruptedAt):
      interruptedAt.map { $0 + Self.graceNanoseconds } ?? nextLook
    }
  }

  mutating func begin(_ call: String, deadline: UInt64) {
    state = .call(call, deadline: deadline, isInterrupted: false)
  }

  /// A program may run for ever, but not compute for longer than `busyLimit` nanoseconds of processor time without
  /// waiting or writing.
  mutating func beginProgram(_ call: String, busyLimit: UInt64, sample: Sample, now: UInt64) {
    state = .program(
      call, busyLimit: busyLimit, last: sample, nextLook: now + Self.interval(busyLimit), interruptedAt: nil)
  }

  /// A program has no deadline, and waiting does not count against it.
  mutating func shiftDeadline(by nanoseconds: Int64) {
    guard case .call(let name, let deadline, let isInterrupted) = state else { return }
    let moved = nanoseconds < 0 ? deadline &- nanoseconds.magnitude : deadline &+ nanoseconds.magnitude
    state = .call(name, deadline: moved, isInterrupted: isInterrupted)
  }

  mutating func end() {
    state = .idle
  }

  /// - Parameter sample: asked for only while a program runs.
  mutating func look(now: UInt64, sample: () -> Sample) -> Action {
    guard let due = nextLook, now >= due else { return .none }
    switch state {
    case .idle: return .none
    case .call(let name, _, true): return .giveUp(call: name)
    case .call(let name, let deadline, false):
      state = .call(name, deadline: deadline, isInterrupted: true)
      return .interrupt
    case .program(let name, let busyLimit, let last, _, let interruptedAt):
      let sample = sample()
      if sample.activity != last.activity {
        state = .program(
          name, busyLimit: busyLimit, last: sample, nextLook: now + Self.interval(busyLimit), interruptedAt: nil)
        return .none
      }
      if interruptedAt != nil { return .giveUp(call: name) }
      let isHung = sample.processorNanoseconds >= last.processorNanoseconds + busyLimit
      state = .program(
        name, busyLimit: busyLimit, last: last, nextLook: now + Self.interval(busyLimit),
        interruptedAt: isHung ? now : nil)
      return isHung ? .interrupt : .none
    }
  }

  /// Often enough to notice waiting in between; seldom enough to cost nothing.
  private static func interval(_ busyLimit: UInt64) -> UInt64 { max(busyLimit / 4, 1_000_000) }
}
