import DeviceProtocol
import FirmwareImage
import TestSupport
import Testing

@testable import UpdateCore

/// What nobody signed changes nothing, and what says nothing of others blocks nothing.
@Suite(.seated) struct UpdateMachineHintTests {
  @Test func aHintIsLookedIntoAndChangesNothing() {
    var machine = UpdateMachineTests.running(1)
    let before = machine
    #expect(machine.handle(.notified(UpdateMachineTests.hint(.max))) == [.check(UpdateMachineTests.hint(.max))])
    #expect(machine.handle(.notified(UpdateMachineTests.hint(2))) == [.check(UpdateMachineTests.hint(2))])
    #expect(machine == before)
    // A repeat of what is on its way is no news.
    _ = machine.handle(.offered(UpdateMachineTests.notification(2)))
    #expect(machine.handle(.notified(UpdateMachineTests.hint(2))) == [])
    #expect(machine.handle(.notified(UpdateMachineTests.hint(3))) == [.check(UpdateMachineTests.hint(3))])
  }

  @Test func anOfferThatThisDeviceCannotRunIsRefusedAndTheOtherSlotKept() {
    var machine = UpdateMachineTests.running(1)
    UpdateMachineTests.install(2, &machine)
    _ = machine.handle(.healthConfirmed(.b))
    let kept = machine.record[.a]
    let actions = machine.handle(.offered(UpdateMachineTests.notification(3), objection: "too large"))
    #expect(actions.prefix(3) == [.saveRecord, .discardDownload, .report])
    #expect(machine.report.status == .refused && machine.report.failed?.version == 3)
    #expect(machine.record[.a] == kept && kept.state == .confirmed)
    // In a trial it waits for its end.
    _ = machine.handle(.offered(UpdateMachineTests.notification(4)))
    #expect(machine.phase.name == "downloading")
  }

  /// Without a signature that binds them, a failure says nothing of other versions; nor does what an old agent noted.
  @Test func anUnsignedFailureBlocksItselfAlone() {
    var machine = UpdateMachineTests.running(1, policy: UpdatePolicy(versionsAreSigned: false))
    _ = machine.handle(.offered(UpdateMachineTests.notification(.max), objection: "too large"))
    #expect(machine.report.failed?.version == .max && machine.report.failed?.isSigned == false)
    #expect(machine.handle(.offered(UpdateMachineTests.notification(.max))) == [])
    #expect(
      machine.handle(.offered(UpdateMachineTests.notification(2))).first
        == .startDownload(UpdateMachineTests.notification(2), into: .b))
  }
}

extension UpdateMachineTests {
  /// The unsigned word of the same version.
  static func hint(_ version: UInt64) -> FirmwareNotification {
    let offer = notification(version)
    return FirmwareNotification(version: version, digest: offer.digest, sizeBytes: offer.sizeBytes, url: offer.url)
  }
}
