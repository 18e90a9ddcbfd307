import Foundations
import Synchronization
import Wasmtime
import ZeroMQ

/// The watchdog between two threads: the app's, which tells what it calls, and the one that looks after it.
final class CallGuard: Sendable {
  private struct State {
    var watchdog = CallWatchdog()
    /// When the other thread will look by itself; nil: not before it is woken.
    var plannedLook: UInt64?
    var usage: ThreadUsage?
  }

  private let engine: Engine
  private let outbox: AppOutbox
  private let state = Mutex(State())

  init(engine: Engine, outbox: AppOutbox) {
    self.engine = engine
    self.outbox = outbox
  }

  /// Tells how the app's thread is looked at, before it gives up the right to open files.
  func follow(_ usage: ThreadUsage) {
    state.withLock { $0.usage = usage }
  }

  /// Runs one call of the app's thread.
  ///
  /// - Parameter deadline: monotonic nanoseconds.
  func watch<Result, Failure: Error>(
    _ call: String, until deadline: UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    begin { $0.watchdog.begin(call, deadline: deadline) }
    defer { state.withLock { $0.watchdog.end() } }
    return try body()
  }

  /// Runs a program on the app's thread.
  func watchProgram<Result, Failure: Error>(
    _ call: String, busyLimit: UInt64, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let sample = sample(state.withLock { $0.usage })
    begin { state in
      state.watchdog.beginProgram(
        call, busyLimit: busyLimit, sample: sample, now: KernelClock.monotonicNanoseconds())
    }
    defer { state.withLock { $0.watchdog.end() } }
    return try body()
  }

  /// Looks after the app's thread and interrupts it if need be. For the other thread.
  ///
  /// - Returns: the call to give up on, if it does not end; when to look again, or nil to wait for the signal.
  func look(now: UInt64) -> (gaveUpOn: String?, next: UInt64?) {
    state.withLock { state in
      let usage = state.usage
      let action = state.watchdog.look(now: now) {
        sample(usage)
      }
      state.plannedLook = state.watchdog.nextLook
      switch action {
      case .none: return (nil, state.plannedLook)
      case .interrupt:
        // Within the lock, so that it can't hit the call after the one that was late.
        engine.incrementEpoch()
        return (nil, state.plannedLook)
      case .giveUp(let call): return (call, nil)
      }
    }
  }

  /// Gives the call of the app's thread more time, or takes it back, in nanoseconds: for waiting that is not the app's
  /// fault.
  func shiftDeadline(by nanoseconds: Int64) {
    begin { $0.watchdog.shiftDeadline(by: nanoseconds) }
  }

  private func begin(_ change: (inout sending State) -> Void) {
    let mustWake = state.withLock { state in
      change(&state)
      guard let needed = state.watchdog.nextLook else { return false }
      if let planned = state.plannedLook, planned <= needed { return false }
      state.plannedLook = needed
      return true
    }
    if mustWake { outbox.signal.raise() }
  }

  private func sample(_ usage: ThreadUsage?) -> CallWatchdog.Sample {
    CallWatchdog.Sample(
      processorNanoseconds: usage?.processorNanoseconds ?? 0, activity: (usage?.waits ?? 0) &+ outbox.activity)
  }
}
