import DeviceProtocol
import DeviceStorage
import Foundations
import Logging
import UpdateCore

/// Lines of the agent's own: in the device's log, for whoever operates it, and on the agent's standard error.
struct AgentNotes: Sendable {
  let log: DeviceLog
  let logger: Logger

  /// - Parameter version: that the line is about; 0: none.
  func write(_ level: Logger.Level, _ text: String, version: UInt64 = 0) async {
    logger.log(level: level, Logger.Message(stringLiteral: text))
    let now = WallClock.now
    await log.append(
      level: level == .critical ? LogLevel.error.name : level.rawValue, source: LogSource.agent.rawValue,
      firmwareVersion: version,
      realtimeNanoseconds: now.nanoseconds, monotonicNanoseconds: KernelClock.monotonicNanoseconds(), text: text)
  }
}
