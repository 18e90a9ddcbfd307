import RegistryClient
import RegistryDomain
import RegistryMessages
import RegistryStorage
import Wire

// Answers in JSON are made of what the bus would answer, as in the output of commands: each form is written once.

extension DeviceDocument {
  init(_ device: Device) { self.init(WireDevice(device)) }
}

extension FirmwareDocument {
  init(_ firmware: FirmwareVersion) { self.init(WireFirmware(firmware)) }
}

extension DeploymentTraceDocument {
  init(_ timeline: DeploymentTimeline) { self.init(WireDeploymentTrace(timeline)) }
}

extension EventDocument {
  init(_ event: RegistryEvent) { self.init(WireEvent(event)) }
}

extension StoredLogLineDocument {
  init(_ stored: StoredLogLine) { self.init(WireStoredLogLine(stored)) }
}

extension CrashDocument {
  /// - Parameter isWhole: one crash, not an entry of a list.
  init(_ crash: StoredCrash, isWhole: Bool) { self.init(WireStoredCrash(crash), isWhole: isWhole) }
}

extension TokenDocument {
  init(_ token: APIToken) { self.init(WireAPIToken(token)) }
}

extension AuditDocument {
  init(_ entry: AuditEntry) { self.init(WireAuditEntry(entry)) }
}
