import Foundations
import Logging
import UpdateCore

/// Lines of the agent's own in the device's log.
extension DeviceAgent {
  func note(_ event: UpdateMachine.Note) async {
    switch event {
    case .downloading(let version): await note(.info, "version \(version) is announced; fetching it", version)
    case .verified(let version): await note(.info, "version \(version) is here and is verified", version)
    case .stagingFailed(let version, let reason):
      await note(.warning, "version \(version) is fetched again: \(reason)", version)
    case .switched(let version, let gap):
      await note(.info, "version \(version) took over; no app handled events for \(Self.milliseconds(gap)) ms", version)
    case .trial(let version): await note(.info, "version \(version) runs on trial", version)
    case .confirmed(let version): await note(.info, "version \(version) is confirmed", version)
    case .rolledBack(let version, let reason):
      await note(.error, "version \(version) is rolled back: \(reason)", version)
    case .refused(let version, let reason): await note(.error, "version \(version) is refused: \(reason)", version)
    case .appFinished(let version): await note(.info, "the app of version \(version) ran to its end", version)
    case .appFailed(let version, let reason):
      await note(.error, "the app of version \(version) failed and is started again: \(reason)", version)
    case .imageDamaged(let version, let reason):
      await note(.error, "the image of version \(version) can't be used: \(reason)", version)
    case .ignored(let version):
      // Not worth a line on the flash: such messages come as often as anybody likes.
      logger.debug("notification of an old version ignored", metadata: ["version": "\(version)"])
    }
  }

  /// Milliseconds with three digits after the point.
  private static func milliseconds(_ nanoseconds: UInt64) -> String {
    let microseconds = (nanoseconds + 500) / 1000
    let digits = String(microseconds % 1000)
    return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
  }

  func note(_ level: Logger.Level, _ text: String, _ version: UInt64 = 0) async {
    await TraceContext.$current.withValue(timings.trace(of: version) ?? .current) {
      await AgentNotes(log: log, logger: logger).write(level, text, version: version)
    }
  }
}
