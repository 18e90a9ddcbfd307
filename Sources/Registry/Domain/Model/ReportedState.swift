package import DeviceProtocol
import FirmwareImage
package import FoundationEssentials
import Foundations

/// What a device last said of itself: its `status`, and what it runs.
package struct ReportedState: Sendable, Equatable {
  /// The version that runs; nil if nothing runs yet.
  package var running: FirmwareReference?
  /// `A`, `B`, or empty while nothing runs.
  package var slot: String
  package var status: RunStatus
  /// Why the status is what it is, in the device's words; may be empty.
  package var reason: String
  /// When the Registry first heard this state.
  package var at: Date
  /// The version that was tried and not kept, until it runs after all.
  package var failed: FirmwareReference?
  /// Why `failed` was not kept, in the device's words. It stays when the device has nothing more to say of it.
  package var failedReason: String
  /// For how long no app handled events when the device switched to the version that runs; 0 if that was not
  /// measured.
  package var switchGapNanoseconds: UInt64
  /// What the device says it waits for.
  package var waiting: Waiting?
  /// How long the device took to get to what runs, where a report of its own tells that. It is kept with the version.
  package var timing: DeviceTiming?

  package init(
    running: FirmwareReference?, slot: String, status: RunStatus, reason: String, at: Date,
    failed: FirmwareReference?, failedReason: String = "", switchGapNanoseconds: UInt64 = 0,
    waiting: Waiting? = nil, timing: DeviceTiming? = nil
  ) {
    self.running = running
    self.slot = slot
    self.status = status
    self.reason = reason
    self.at = at
    self.failed = failed
    self.failedReason = failedReason
    self.switchGapNanoseconds = switchGapNanoseconds
    self.waiting = waiting
    self.timing = timing
  }

  /// Whether both say the same of what runs, no matter when they said it and what the device waits for.
  package func says(_ other: ReportedState) -> Bool {
    running == other.running && slot == other.slot && status == other.status && reason == other.reason
      && failed == other.failed && failedReason == other.failedReason
      && switchGapNanoseconds == other.switchGapNanoseconds
  }
}
