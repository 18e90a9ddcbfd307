import Foundations
import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import UpdateCore

@Suite(.seated) struct BootRecordTests {
  static func sample(version: UInt64 = 7) -> BootRecord {
    var record = BootRecord()
    record.bootCount = 9
    record.epoch = 0xFEDC_BA98_7654_3210
    record.boot = BootID("0f8fad5b-d9cb-469f-a165-70867728950e\n")!
    record.isStoppedCleanly = true
    record.active = .b
    record.highestConfirmedVersion = version
    record.slotB = SlotRecord(
      state: .confirmed, version: version, digest: SHA256Digest(bytes: Array(1...32)), sizeBytes: 12_345,
      securityEpoch: 0x0102_0304)
    record.slotA = SlotRecord(
      state: .failed, version: 8, digest: SHA256Digest(bytes: Array(2...33)), sizeBytes: 99, agentDeaths: 2,
      powerCuts: 3)
    record.failed = FailedVersion(
      .rolledBack, version: 8, digest: SHA256Digest(bytes: Array(2...33))!, reason: "trapped: unreachable — ☠")
    return record
  }

  @Test func aRecordComesBackAsItWas() throws {
    for record in [BootRecord(), Self.sample()] {
      let bytes = try record.encoded(sequence: 77)
      #expect(bytes.count == 512)
      let decoded = try #require(try BootRecord.decode(bytes))
      #expect(decoded.record == record)
      #expect(decoded.sequence == 77)
    }
  }

  @Test(arguments: ["", "0f8fad5b", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-7086772895zz"])
  func whatIsNoBootIDIsNotTakenForOne(_ text: String) {
    #expect(BootID(text) == nil)
  }

  @Test func aLongReasonIsCutAtACharacter() throws {
    var record = Self.sample()
    record.failed?.reason = String(repeating: "ö", count: 200) + "x"
    let decoded = try #require(try BootRecord.decode(try record.encoded(sequence: 1)))
    #expect(decoded.record.failed?.reason == String(repeating: "ö", count: 128))
  }

  @Test func everyDamagedByteIsNoticed() throws {
    let bytes = try Self.sample().encoded(sequence: 3)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x10
      #expect(try BootRecord.decode(damaged) == nil, "byte \(index)")
    }
    for length in [0, 1, 479, 511] { #expect(try BootRecord.decode(Array(bytes.prefix(length))) == nil) }
  }

  @Test(arguments: FlashConformanceTests.Kind.allCases)
  func theNewestWholeCopyCounts(_ kind: FlashConformanceTests.Kind) throws {
    let (flash, folder) = try FlashConformanceTests.make(kind)
    defer { withExtendedLifetime(folder) {} }
    var store = BootRecordStore(flash)
    #expect(try store.load() == (BootRecord(), .fresh))
    for version in 1...5 as ClosedRange<UInt64> {
      try store.save(Self.sample(version: version))
      var reader = BootRecordStore(flash)
      #expect(try reader.load() == (Self.sample(version: version), .good))
    }
    // A write cut short damages one copy, whichever it was; the other one is the state before or after it.
    for name in BootRecordStore.copies {
      let whole = try flash.read(name, from: 0, count: 512)
      try FlashConformanceTests.write("torn", to: name, at: 100, flash)
      var reader = BootRecordStore(flash)
      let (record, finding) = try reader.load()
      #expect(finding == .oneDamaged)
      #expect([4, 5].contains(record.highestConfirmedVersion))
      // The damaged copy is the one that is written next.
      try reader.save(Self.sample(version: 6))
      var again = BootRecordStore(flash)
      #expect(try again.load() == (Self.sample(version: 6), .good))
      try flash.write(whole.span.bytes, to: name, at: 0)
    }
    for name in BootRecordStore.copies { try FlashConformanceTests.write("torn", to: name, at: 100, flash) }
    #expect(try store.load() == (BootRecord(), .bothDamaged))
  }

  /// A place on the flash that can be neither read nor written any more.
  @Test func aBadBlockIsADamagedCopy() throws {
    for bad in BootRecordStore.copies {
      let flash = InMemoryFlash()
      var store = BootRecordStore(flash)
      for version in 1...4 as ClosedRange<UInt64> { try store.save(Self.sample(version: version)) }
      let broken = FaultyFlash(
        flash, fault: { operation, name in name == bad ? Self.error(of: operation) : nil })
      var reader = BootRecordStore(broken)
      let (record, finding) = try reader.load()
      #expect(finding == .oneDamaged && [3, 4].contains(record.highestConfirmedVersion))
      for version in 5...6 as ClosedRange<UInt64> { try reader.save(Self.sample(version: version)) }
      // Another file took its name, so that both copies are good again.
      var again = BootRecordStore(flash)
      #expect(try again.load() == (Self.sample(version: 6), .good))
    }
    let flash = InMemoryFlash()
    var store = BootRecordStore(flash)
    try store.save(Self.sample(version: 1))
    var reader = BootRecordStore(FaultyFlash(flash, fault: { operation, _ in Self.error(of: operation) }))
    #expect(try reader.load() == (BootRecord(), .bothDamaged))
  }

  private static func error(of operation: FaultyFlash.Operation) -> FlashError? {
    [.read, .write].contains(operation) ? FlashError(.failed, "I/O error") : nil
  }

  @Test func theSequenceGoesOnAfterARestart() throws {
    let flash = InMemoryFlash()
    for version in 1...7 as ClosedRange<UInt64> {
      var store = BootRecordStore(flash)
      _ = try store.load()
      try store.save(Self.sample(version: version))
    }
    var store = BootRecordStore(flash)
    #expect(try store.load().0.highestConfirmedVersion == 7)
  }
}
