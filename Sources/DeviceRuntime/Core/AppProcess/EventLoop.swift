internal import Wasmtime

/// Drives an app of the event kind: `xtb_init`, then an `xtb_event` for each thing that happens. For the app's thread.
struct EventLoop {
  let state: AppHostState
  let context: AppContext
  let calls: AppCalls
  let instance: Instance

  /// Returns when the app was told to stop; ends in every other way by throwing.
  func run(startBy deadline: UInt64) throws(AppEndingError) -> AppEnding {
    guard let initialize = instance.function(named: "xtb_init"), let event = instance.function(named: "xtb_event")
    else { throw .startFailed(AppEntry.advice) }
    let result = try calls.run("xtb_init", until: deadline) { () throws(WasmtimeCallFailure) in try initialize() }
    guard result == [.i32(0)] else {
      throw .startFailed("xtb_init returned \(result.first.map { "\($0)" } ?? "nothing"), not 0")
    }
    state.outbox.put(.started(initNanoseconds: KernelClock.monotonicNanoseconds() - state.startedAt))

    guard state.waitForActivation() else { return .stopped }
    while true {
      // What others sent goes first, so that a timer that is always due can't shut it out.
      switch state.inbox.take() {
      case .stop: return .stopped
      case .published(let id, let reasonCode):
        guard state.publications.settle(id) else { continue }
        try deliver(
          event, .published, handle: Int32(truncatingIfNeeded: id), at: KernelClock.monotonicNanoseconds(),
          argument: reasonCode < 0x80 ? 0 : Int64(reasonCode))
      case nil:
        if let tick = context.timers.takeDue(now: KernelClock.monotonicNanoseconds()) {
          try deliver(event, .timer, handle: tick.handle, at: tick.due, argument: tick.missed)
        } else {
          state.inbox.wait(until: context.timers.nextDue)
        }
      }
    }
  }

  private func deliver(
    _ event: Function, _ kind: HostEventKind, handle: Int32, at time: UInt64, argument: Int64
  ) throws(AppEndingError) {
    let deadline = KernelClock.monotonicNanoseconds() &+ state.launch.limits.eventDeadline.clampedNanoseconds
    let result = try calls.run("xtb_event", until: deadline) { () throws(WasmtimeCallFailure) in
      try event(.i32(kind.rawValue), .i32(handle), .i64(Int64(clamping: time)), .i64(argument))
    }
    if result != [.i32(0)] {
      state.log.write(.warning, .host, Array("xtb_event of kind \(kind.rawValue) returned \(result)".utf8))
    }
  }
}
