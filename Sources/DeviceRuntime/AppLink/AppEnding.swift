/// Why an app's process is gone.
package enum AppEnding: Sendable, Equatable {
  /// The app ended by itself: `_start` returned (0), or it called `proc_exit`.
  case exited(code: Int32)
  /// The agent asked for the end with `stop`.
  case stopped
  case trapped(AppTrap)
  /// The app never came up: the module is damaged, imports what this device does not offer, lacks exports, or
  /// `xtb_init` refused. Starting the same image again ends the same way.
  case startFailed(reason: String)
  /// A call into the app took longer than it may. `call` names the function: "xtb_init", "xtb_event", "_start" …
  case deadlineExceeded(call: String, AppTrap)
  /// The app armed its watchdog and did not feed it in time.
  case watchdogMissed(timeout: Duration)
  /// The process was killed by something other than `stop`: the kernel short of memory, a person.
  case killed(signal: Int32)
  /// The host process failed in a way that says nothing of the app: the engine's library is missing, for example.
  case hostFailed(reason: String)
}

/// An error that WebAssembly code can't go on from, and where it happened.
package struct AppTrap: Sendable, Equatable {
  /// One call on the stack of the app.
  package struct Frame: Sendable, Equatable {
    /// The function's number in the module's index space, imports first.
    package var functionIndex: UInt32
    /// Bytes from the function's beginning; 0, like the next, if it is not known.
    package var functionOffset: UInt64
    /// Bytes from the module's beginning; DWARF addresses are this less the start of the code section's body.
    package var moduleOffset: UInt64
    /// The name that the module's name section has, mangled; nil without one.
    package var functionName: String?

    package init(functionIndex: UInt32, functionOffset: UInt64, moduleOffset: UInt64, functionName: String?) {
      self.functionIndex = functionIndex
      self.functionOffset = functionOffset
      self.moduleOffset = moduleOffset
      self.functionName = functionName
    }
  }

  /// What happened, for programs: stable and in kebab-case, "unreachable", "memory-out-of-bounds", "stack-overflow" …
  package var code: String
  /// What happened, for people.
  package var message: String
  /// The calls that led there, innermost first; at most 20.
  package var frames: [Frame]

  package init(code: String, message: String, frames: [Frame]) {
    self.code = code
    self.message = message
    self.frames = frames
  }
}

extension AppEnding: CustomStringConvertible {
  package var description: String {
    switch self {
    case .exited(let code): "exited with status \(code)"
    case .stopped: "stopped"
    case .trapped(let trap): "trapped: \(trap)"
    case .startFailed(let reason): "did not start: \(reason)"
    case .deadlineExceeded(let call, let trap): "took too long in \(call): \(trap.message)\(trap.whereabouts)"
    case .watchdogMissed(let timeout):
      "did not feed its watchdog within \(timeout): call watchdog_feed at least that often, or arm it with a longer time"
    case .killed(let signal): "was killed by signal \(signal)"
    case .hostFailed(let reason): "its host process failed: \(reason)"
    }
  }
}

extension AppTrap: CustomStringConvertible {
  package var description: String { "\(message) (\(code))\(location)" }

  /// Where the innermost frame is, as " (it was in NAME at offset N)"; empty without frames.
  var whereabouts: String { frames.isEmpty ? "" : " (it was\(location))" }

  /// Where the innermost frame is, as " in NAME at offset N"; empty without frames.
  package var location: String {
    guard let frame = frames.first else { return "" }
    let name = frame.functionName.map(Demangling.name) ?? "function \(frame.functionIndex)"
    return " in \(name) at offset \(frame.moduleOffset)"
  }
}
