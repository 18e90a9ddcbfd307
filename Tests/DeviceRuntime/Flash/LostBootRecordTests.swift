import DeviceProtocol
import Foundation
import Foundations
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceImages
@testable import DeviceStorage
@testable import UpdateCore

/// Both copies of the boot record are gone: what the slots hold is tried, and nothing is taken for confirmed that may
/// not be.
@Suite(.seated) struct LostBootRecordTests {
  private let device = DeviceID.random()

  private func storage(_ slots: [Slot: [UInt8]], recordBytes: [UInt8]? = nil) throws -> SlotStore {
    let flash = InMemoryFlash()
    for (slot, bytes) in slots { try flash.write(bytes.span.bytes, to: SlotFiles(slot).image, at: 0) }
    if let recordBytes {
      for name in BootRecordStore.copies { try flash.write(recordBytes.span.bytes, to: name, at: 0) }
    }
    return SlotStore(flash: flash, device: device, trust: .unsigned)
  }

  private func image(_ version: UInt64, of other: DeviceID? = nil) throws -> [UInt8] {
    try TestImage(device: other ?? device, version: version).bytes
  }

  @Test(arguments: [nil, [], [UInt8](repeating: 0x5A, count: 512)] as [[UInt8]?])
  func theNewestIsTriedAndGivesWayToTheOther(recordBytes: [UInt8]?) async throws {
    let storage = try storage([.a: image(7), .b: image(5)], recordBytes: recordBytes)
    let (record, warning) = try await storage.loadBootRecord()
    #expect(record.active == .b && record[.b].state == .confirmed && record[.b].version == 5)
    #expect(record[.a].state == .staged && record[.a].version == 7)
    #expect(record.highestConfirmedVersion == 5)
    #expect(record.epoch != 0)
    #expect(warning?.contains("version 7") == true)
    // As after an update: it is launched for its trial, and the trial is not held against it.
    var machine = UpdateMachine(record: record)
    let actions = machine.handle(.started(pending: nil, boot: .unknown))
    #expect(actions.contains(.launch(.a)))
    #expect(machine.record[.a].powerCuts == 0 && machine.record[.a].agentDeaths == 0)
    _ = machine.handle(.appFailed(.a, reason: "trapped"))
    #expect(machine.record.active == .b && machine.report.version == 5)
  }

  @Test func oneImageAloneIsTriedToo() async throws {
    for slot in Slot.allCases {
      let (record, _) = try await storage([slot: image(3)]).loadBootRecord()
      #expect(record.active == nil && record[slot].state == .staged)
      var machine = UpdateMachine(record: record)
      #expect(machine.handle(.started(pending: nil, boot: .unknown)).contains(.launch(slot)))
      _ = machine.handle(.appStarted(slot))
      _ = machine.handle(.appActivated(slot))
      _ = machine.handle(.healthConfirmed(slot))
      #expect(machine.report.version == 3 && machine.report.status == .confirmed)
    }
  }

  /// Cut short, of another device, or changed: the device says that it runs nothing.
  @Test func whatDoesNotVerifyIsNotTried() async throws {
    var changed = try image(3)
    changed[changed.count - 1] ^= 1
    for bytes in [Array(try image(3).dropLast()), try image(3, of: .random()), changed, [], [1, 2, 3]] {
      let (record, warning) = try await storage([.a: bytes], recordBytes: [0]).loadBootRecord()
      #expect(record.active == nil && record.slotA == .empty && record.slotB == .empty)
      #expect(warning?.contains("as if it were new") == true)
      #expect(UpdateMachine(record: record).report.version == 0)
    }
  }

  @Test func aNewFlashGetsAnEpochWithoutAWarning() async throws {
    let (record, warning) = try await storage([:]).loadBootRecord()
    #expect(warning == nil)
    #expect(record.epoch != 0)
    let (other, _) = try await storage([:]).loadBootRecord()
    #expect(other.epoch != record.epoch)
  }
}
