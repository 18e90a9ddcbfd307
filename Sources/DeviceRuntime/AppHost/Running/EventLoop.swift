import AppLink
import DeviceProtocol
import Foundations
import Wasmtime
import WebAssemblyModule

/// Drives an app of the event kind: `xtb_init`, then an `xtb_event` for each thing that happens. For the app's thread.
struct EventLoop {
  let state: AppHostState
  let context: AppContext
  let calls: AppCalls
  let instance: Instance

  /// Returns when the app was told to stop; ends in every other way by throwing.
  func run(startBy deadline: UInt64) throws(AppEndingError) -> AppEnding {
    guard let initialize = instance.function(named: "xtb_init"), let event = instance.function(named: "xtb_event")
    else { throw .startFailed(AppProblem.noEntry.description) }
    let result = try calls.run("xtb_init", until: deadline) { () throws(WasmtimeCallFailure) in try initialize() }
    guard result == [.i32(0)] else {
      throw .startFailed(refusal(by: result.first, of: "xtb_init", when: "it is ready"))
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
    guard result != [.i32(0)] else { return }
    guard context.isNews(result.first, of: event.kind) else { return }
    let what = refusal(
      by: result.first, of: "xtb_event", when: "it has dealt with the event",
      detail: ", for an event of kind \(event.kind.rawValue) (\(event.kind))")
    state.log.note(.warning, "\(what); the app goes on (told once)")
  }

  /// Why a function of the app did not return 0, as far as its result and what was refused last tell.
  private func refusal(by result: Value?, of function: String, when: String, detail: String = "") -> String {
    guard case .i32(let number)? = result else { return "\(function) returned nothing, and must return 0\(detail)" }
    let text = "\(function) returned \(Self.text(.i32(number))), not 0\(detail)"
    guard let errno = HostErrno(result: number) else {
      return "\(text): what that means is the app's own; it returns 0 when \(when)"
    }
    // An app often gives on what it got.
    if let last = context.lastRefusal, last.errno == errno { return "\(text): \(last.description)" }
    return "\(text): \(errno.documentation.asClause)"
  }

  private static func text(_ value: Value) -> String {
    guard case .i32(let number) = value else { return "\(value)" }
    return HostErrno(result: number).map { "\(number) (\($0.name))" } ?? "\(number)"
  }
}
