import FoundationEssentials
package import RegistryDomain
package import RegistryStorage
import SwiftProtobuf
package import Wire

// Logs and crashes as the Registry answers them.

extension WireStoredLogLine {
  package init(_ stored: StoredLogLine) {
    self.init()
    cursor = stored.cursor
    line = WireDeviceLogLine(stored.line)
    receivedAt = Google_Protobuf_Timestamp(stored.receivedAt)
  }
}

extension WireLogOutcome {
  package init(_ verdict: LogVerdict, of batch: WireDeviceLogBatch) {
    self.init()
    deviceID = batch.deviceID
    logID = batch.logID
    storedThrough = verdict.storedThrough
    reason = verdict.refusal?.rawValue ?? ""
  }
}

extension WireCrashOutcome {
  package init(_ verdict: CrashVerdict, of report: WireCrashReport) {
    self.init()
    deviceID = report.deviceID
    id = report.id
    settled = verdict.isSettled
    reason = verdict.refusal?.rawValue ?? ""
  }
}

extension WireStoredCrash {
  package init(_ crash: StoredCrash) {
    self.init()
    number = crash.number
    report = crash.report
    receivedAt = Google_Protobuf_Timestamp(crash.receivedAt)
    group = crash.group
    count = crash.count
    devices = crash.devices
  }
}
