import CXTB1

/// How much a line matters.
public enum LogLevel: Int32, Sendable {
  case debug = 0
  case info = 1
  case warning = 2
  case error = 3
}

/// Writes a line to the device's log; a long one is cut. False if it was dropped, because the app logs too fast.
@discardableResult
public func log(_ level: LogLevel, _ text: String) -> Bool {
  text.withBytes { xtb_log(level.rawValue, $0, $1) } == 0
}

/// The same at the level `.info`.
@discardableResult
public func log(_ text: String) -> Bool {
  log(.info, text)
}
