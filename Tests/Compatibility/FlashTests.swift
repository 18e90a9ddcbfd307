import DeviceCredentials
import DeviceStorage
import TestSupport
import Testing
import UpdateCore

/// The folder of a device that ran the last release's agent is taken over by today's.
@Suite(.seated) struct FlashTests {
  private func withFlash(_ body: (DirectoryFlash) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let unpacking = try ChildProcess("tar", ["-x", "-f", Recorded.path("flash.tar"), "-C", folder.path("")])
    #expect(try await unpacking.waitForExit() == .exited(0), "\(unpacking.output)")
    try await body(try DirectoryFlash(directory: folder.path("flash")))
  }

  @Test func theBootRecordSaysWhatRuns() async throws {
    try await withFlash { flash in
      var store = BootRecordStore(flash)
      let (record, finding) = try store.load()
      #expect(finding == .good)
      #expect(record.highestConfirmedVersion == 3 && record.epoch != 0 && record.failed == nil)
      let active = try #require(record.active)
      #expect(record[active].version == 3)
      #expect(try flash.size(of: SlotFiles(active).image) != nil)
    }
  }

  @Test func theDeviceKnowsWhoItIs() async throws {
    try await withFlash { flash in
      let identity = try DeviceIdentity.load(from: flash, directory: flash.directory)
      let fuses = OTPContents(try FileOTPBank(flash).read())
      #expect(identity.name == "device-1" && identity.serial == "stack-device-1")
      #expect(fuses.provisioned && fuses.deviceID == identity.device && fuses.publicKeyHash != nil)
    }
  }

  @Test func theLogGoesOnWhereItWas() async throws {
    try await withFlash { flash in
      let log = DeviceLog(flash: flash)
      try await log.open()
      let lines = await log.read(after: 0, count: 100).lines
      #expect(lines.contains { $0.text.contains("version 1") }, "\(lines)")
    }
  }
}
