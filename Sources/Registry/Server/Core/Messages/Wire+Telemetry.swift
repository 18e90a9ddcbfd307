import FoundationEssentials
import SwiftProtobuf
import Wire

// Logs and crashes as the Registry answers them.

extension WireDeviceLogLine {
  init(_ line: LogLine) {
    self.init()
    id = line.id
    realtimeNanoseconds = line.realtimeNanoseconds
    monotonicNanoseconds = line.monotonicNanoseconds
    level = line.level.name
    source = line.source
    firmwareVersion = line.firmwareVersion
    text = line.text
  }
}

extension WireStoredLogLine {
  init(_ stored: StoredLogLine) {
    self.init()
    cursor = stored.cursor
    line = WireDeviceLogLine(stored.line)
    receivedAt = Google_Protobuf_Timestamp(stored.receivedAt)
  }
}

extension WireLogOutcome {
  init(_ verdict: LogVerdict, of batch: WireDeviceLogBatch) {
    self.init()
    deviceID = batch.deviceID
    logID = batch.logID
    storedThrough = verdict.storedThrough
    reason = verdict.refusal?.rawValue ?? ""
  }
}

extension WireCrashOutcome {
  init(_ verdict: CrashVerdict, of report: WireCrashReport) {
    self.init()
    deviceID = report.deviceID
    id = report.id
    settled = verdict.isSettled
    reason = verdict.refusal?.rawValue ?? ""
  }
}

extension WireStoredCrash {
  init(_ crash: StoredCrash) {
    self.init()
    number = crash.number
    report = crash.report
    receivedAt = Google_Protobuf_Timestamp(crash.receivedAt)
    group = crash.group
    count = crash.count
    devices = crash.devices
  }
}
