import FirmwareImage
import Logging
import Synchronization

/// Tells of devices that the broker lets in and the Registry does not know: one line in each interval at most.
///
/// A device that enrolled after the backup from which the databases were restored is one. It can't be told from one that
/// was deleted a moment ago.
final class StrangerLog: Sendable {
  private let logger: Logger
  private let interval: Duration
  private let state = Mutex<(next: ContinuousClock.Instant?, suppressed: Int)>((nil, 0))

  init(logger: Logger, interval: Duration = .seconds(60)) {
    self.logger = logger
    self.interval = interval
  }

  func note(_ device: DeviceID, now: ContinuousClock.Instant = .now) {
    let suppressed = state.withLock { state -> Int? in
      if let next = state.next, now < next {
        state.suppressed += 1
        return nil
      }
      defer { state = (now + interval, 0) }
      return state.suppressed
    }
    guard let suppressed else { return }
    logger.warning(
      "The Registry does not know a device that reports; enrol it again if the database was restored",
      metadata: ["device": "\(device)", "like_it_before": "\(suppressed)"])
  }
}
