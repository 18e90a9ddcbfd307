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
    context.isInEvent = true
    // Without a deadline there is always an event or a stop.
    while case .event(let next) = context.next() { try deliver(next, to: event) }
    return .stopped
  }

  private func deliver(_ event: HostEvent, to function: Function) throws(AppEndingError) {
    let deadline = KernelClock.monotonicNanoseconds() &+ state.launch.limits.eventDeadline.clampedNanoseconds
    let result = try calls.run("xtb_event", until: deadline) { () throws(WasmtimeCallFailure) in
      try function(
        .i32(event.kind.rawValue), .i32(event.handle), .i64(Int64(clamping: event.time)), .i64(event.argument))
    }
    if result != [.i32(0)] {
      state.log.write(.warning, .host, Array("xtb_event of kind \(event.kind.rawValue) returned \(result)".utf8))
    }
  }
}
