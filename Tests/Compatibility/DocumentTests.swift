import TestSupport
import Testing
import TextFormats

@testable import RegistryClient

/// What the last release's Registry gives over HTTP is read by today's programs: a command may be newer than its service.
@Suite(.seated) struct DocumentTests {
  private struct Devices: Decodable { let devices: [DeviceDocument] }
  private struct Firmware: Decodable { let firmware: [FirmwareDocument] }
  private struct Events: Decodable { let events: [EventDocument] }
  private struct Lines: Decodable { let lines: [StoredLogLineDocument] }
  private struct Crashes: Decodable { let crashes: [CrashDocument] }
  private struct Tokens: Decodable { let tokens: [TokenDocument] }
  private struct Audit: Decodable { let entries: [AuditDocument] }

  private func read<Document: Decodable>(_ name: String) throws -> Document {
    try JSONCoding.decode(Document.self, from: Recorded.document(name))
  }

  @Test func devicesAndTheirVersionsAreRead() throws {
    let listed: Devices = try read("devices")
    #expect(Set(listed.devices.map(\.name)).isSuperset(of: ["device-1", "device-2"]))
    let device: DeviceDocument = try read("device")
    #expect(device.desired?.version == 3 && device.reported?.version == 3)
    let other: DeviceDocument = try read("device that gave a version up")
    #expect(other.reported?.failed?.version == 1)
    let firmware: Firmware = try read("firmware")
    #expect(firmware.firmware.map(\.version) == [3, 2, 1])
  }

  @Test func whatHappenedIsRead() throws {
    let events: Events = try read("events")
    let lines: Lines = try read("logs")
    let crashes: Crashes = try read("crashes")
    let crash: CrashDocument = try read("crash")
    #expect(!events.events.isEmpty && !lines.lines.isEmpty && crashes.crashes.count == 1)
    #expect(crash.number == crashes.crashes.first?.number)
  }

  @Test func peopleAndWhatTheyDidAreRead() throws {
    let tokens: Tokens = try read("tokens")
    let audit: Audit = try read("audit")
    #expect(tokens.tokens.count == 2 && !audit.entries.isEmpty)
  }
}
