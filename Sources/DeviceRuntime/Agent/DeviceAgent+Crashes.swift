import AppLink
import DeviceProtocol
import DeviceStorage
import FirmwareImage
import Foundations
import Logging
import UpdateCore

/// Apps that ended as nobody wanted.
extension DeviceAgent {
  /// Keeps what there is to know of an app's end, if it was no wanted one. Returns when that is durable, so that nothing
  /// that comes after it, a start of the app or a power cut, costs the report.
  func keepCrash(_ ending: AppEnding, of image: VerifiedImage, in slot: Slot, version: UInt64) async {
    guard let cause = CrashCause(ending) else { return }
    let record = machine.record[slot]
    let isTrial = !(record.version == version && record.state == .confirmed)
    let at = WallClock.now
    let lines = await log.lastLines(DeviceLimit.crashLines.value, ofVersion: version)
    let report = CrashReport(cause, image: image, version: version, isTrial: isTrial, at: at, lines: lines)
    if let failure = await crashes.store(report) {
      logger.error(
        "a crash report can't be written to the flash", metadata: ["crash": "\(report.id)", "error": "\(failure)"])
    }
    await crashUploader.added()
  }
}
