import Foundations
package import Wire

extension WireAppEnded {
  package init(_ ending: AppEnding) {
    self.init()
    switch ending {
    case .exited(let code): exitStatus = code
    case .stopped: stopped = Stopped()
    case .trapped(let trap): trapped = WireAppTrapReport(trap)
    case .startFailed(let reason): startFailed = reason
    case .deadlineExceeded(let call, let trap):
      deadlineExceeded.call = call
      deadlineExceeded.trap = WireAppTrapReport(trap)
    case .watchdogMissed(let timeout): watchdogMissedNanoseconds = timeout.clampedNanoseconds
    case .hostFailed(let reason): hostFailed = reason
    // Only the agent sees it, and the process that was killed says nothing.
    case .killed(let signal): hostFailed = "killed by signal \(signal)"
    }
  }
}

extension AppEnding {
  package init(_ wire: WireAppEnded) {
    switch wire.how {
    case .exitStatus(let code): self = .exited(code: code)
    case .stopped: self = .stopped
    case .trapped(let trap): self = .trapped(AppTrap(trap))
    case .startFailed(let reason): self = .startFailed(reason: reason)
    case .deadlineExceeded(let exceeded): self = .deadlineExceeded(call: exceeded.call, AppTrap(exceeded.trap))
    case .watchdogMissedNanoseconds(let timeout):
      self = .watchdogMissed(timeout: .nanoseconds(Int64(clamping: timeout)))
    case .hostFailed(let reason): self = .hostFailed(reason: reason)
    case nil: self = .hostFailed(reason: "the app's process gave no reason")
    }
  }
}

extension WireAppTrapReport {
  init(_ trap: AppTrap) {
    self.init()
    code = trap.code
    message = trap.message
    frames = trap.frames.map { frame in
      var wire = Frame()
      wire.functionIndex = frame.functionIndex
      wire.functionOffset = frame.functionOffset
      wire.moduleOffset = frame.moduleOffset
      if let name = frame.functionName { wire.functionName = name }
      return wire
    }
  }
}

extension AppTrap {
  init(_ wire: WireAppTrapReport) {
    self.init(
      code: wire.code, message: wire.message,
      frames: wire.frames.map { frame in
        Frame(
          functionIndex: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
          functionName: frame.hasFunctionName ? frame.functionName : nil)
      })
  }
}
