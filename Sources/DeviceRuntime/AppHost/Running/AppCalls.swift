import AppLink
import Wasmtime

/// Calls into the app, each with its deadline, and what their failures mean. For the app's thread.
struct AppCalls {
  let store: Store
  let callGuard: CallGuard
  let advice: TrapAdvice

  /// - Parameter deadline: monotonic nanoseconds.
  @discardableResult
  func run<Result>(
    _ call: String, until deadline: UInt64, _ body: () throws(WasmtimeCallFailure) -> Result
  ) throws(AppEndingError) -> Result {
    do throws(WasmtimeCallFailure) {
      return try callGuard.watch(call, until: deadline) { () throws(WasmtimeCallFailure) in
        // The watchdog's one tick ends it.
        store.setEpochDeadline(ticks: 1)
        return try body()
      }
    } catch {
      throw AppEndingError(AppEnding(error, in: call, advice))
    }
  }

  func runProgram(
    _ call: String, busyLimit: UInt64, _ body: () throws(WasmtimeCallFailure) -> Void
  ) throws(AppEndingError) {
    do throws(WasmtimeCallFailure) {
      try callGuard.watchProgram(call, busyLimit: busyLimit) { () throws(WasmtimeCallFailure) in
        store.setEpochDeadline(ticks: 1)
        try body()
      }
    } catch {
      throw AppEndingError(AppEnding(error, in: call, advice))
    }
  }
}

extension AppEnding {
  init(_ failure: WasmtimeCallFailure, in call: String, _ advice: TrapAdvice) {
    switch failure {
    case .exit(let status): self = .exited(code: status)
    case .trap(let trap) where trap.code == .interrupt:
      var late = AppTrap(trap)
      late.message = advice.deadline(of: call)
      self = .deadlineExceeded(call: call, late)
    case .trap(let trap):
      var told = AppTrap(trap)
      if let more = advice.cause(of: told) { told.message += ": \(more)" }
      self = .trapped(told)
    // What the app wants from its start was looked at before: this came of its running.
    case .failed(let error): self = .trapped(AppTrap(code: "host", message: error.message, frames: []))
    }
  }
}

extension AppTrap {
  init(_ trap: Trap) {
    self.init(
      code: trap.code.name, message: trap.message,
      frames: trap.frames.map { frame in
        Frame(
          functionIndex: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
          functionName: frame.functionName)
      })
  }
}
