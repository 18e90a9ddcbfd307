import DeviceStorage
import TestSupport
import Testing
import UpdateCore

@testable import RuntimeBundle
@testable import RuntimeSlots

/// Which runtime a device starts.
@Suite(.seated) struct RuntimeRecordTests {
  private static func version(_ text: String) -> RuntimeVersion { RuntimeVersion(text)! }

  private static func slot(_ text: String, beside package: String = "1.0.0", minimum: String = "0.0.0")
    -> RuntimeSlotRecord
  {
    RuntimeSlotRecord(
      state: .whole, version: version(text), minimumVersion: version(minimum), besidePackage: version(package),
      manifest: nil)
  }

  private static func confirmed(_ text: String, minimum: String = "0.0.0") -> RuntimeRecord {
    var record = RuntimeRecord()
    record.stage(slot(text, minimum: minimum), in: .a)
    record.confirm()
    return record
  }

  private static func rollBack(_ record: inout RuntimeRecord, succeeds: Bool = true) throws {
    let isDone = record.rollBack()
    try #require(isDone == succeeds)
  }

  @Test func aDeviceWithoutRuntimesStartsItsPackages() {
    var record = RuntimeRecord()
    #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.packaged])
    #expect(record == RuntimeRecord())
    #expect(record.keptVersion(packaged: Self.version("1.0.0")) == Self.version("1.0.0"))
  }

  @Test func aTrialHasAFewStartsAndThenTheOldOneComesBack() {
    var record = Self.confirmed("1.1.0")
    record.stage(Self.slot("1.2.0"), in: record.spare)
    for left in [2, 1, 0] as [UInt8] {
      #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.slot(.b), .slot(.a), .packaged])
      #expect(record.startsLeft == left)
    }
    #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.slot(.a), .packaged])
    #expect(record.trial == nil && record[.b].state == .failed)
    #expect(record.failure == "it did not confirm itself in 3 starts" && record.failedVersion == Self.version("1.2.0"))
    #expect(record.spare == .b)
  }

  @Test func aConfirmedTrialStays() {
    var record = Self.confirmed("1.1.0")
    record.stage(Self.slot("1.2.0"), in: record.spare)
    _ = record.takeStart(packaged: Self.version("1.0.0"))
    record.confirm()
    #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.slot(.b), .slot(.a), .packaged])
    #expect(record.active == .b && record.spare == .a && record.failure.isEmpty)
  }

  /// It was given up while it ran, and another took its slot.
  @Test func whatHasProvedItselfDoesNotConfirmAnother() throws {
    var record = Self.confirmed("1.1.0")
    record.stage(Self.slot("1.2.0"), in: .b)
    let old = record[.b]
    try Self.rollBack(&record)
    record.stage(Self.slot("1.3.0"), in: record.spare)
    let isConfirmedByOld = record.confirm(old, in: .b)
    #expect(!isConfirmedByOld && record.trial == .b && record.active == .a)
    let new = record[.b]
    let isConfirmed = record.confirm(new, in: .b)
    #expect(isConfirmed && record.trial == nil && record.active == .b)
  }

  @Test func withoutARecordOfItsStartsNothingIsTried() {
    var record = Self.confirmed("1.1.0")
    record.stage(Self.slot("1.2.0"), in: record.spare)
    #expect(record.withoutTrial(packaged: Self.version("1.0.0")) == [.slot(.a), .packaged])
  }

  @Test func aNewerPackageTakesOver() {
    var record = Self.confirmed("1.1.0")
    #expect(record.takeStart(packaged: Self.version("1.0.1")) == [.slot(.a), .packaged])
    #expect(record.takeStart(packaged: Self.version("1.1.0")) == [.packaged])
    #expect(record.takeStart(packaged: Self.version("2.0.0")) == [.packaged])
    #expect(record.keptVersion(packaged: Self.version("2.0.0")) == Self.version("2.0.0"))
  }

  /// A step back on purpose, below the package that is there.
  @Test func whatWasInstalledBesideAPackageGoesBeforeIt() {
    var record = Self.confirmed("0.9.0")
    #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.slot(.a), .packaged])
    #expect(record.takeStart(packaged: Self.version("1.0.1")) == [.packaged])
  }

  @Test func theMinimumOnlyGrowsWithWhatIsConfirmed() throws {
    var record = Self.confirmed("1.1.0", minimum: "1.1.0")
    #expect(record.minimumVersion == Self.version("1.1.0"))
    record.stage(Self.slot("1.2.0", minimum: "1.2.0"), in: record.spare)
    #expect(record.minimumVersion == Self.version("1.1.0"))
    record.fail("broken")
    #expect(record.minimumVersion == Self.version("1.1.0"))
    record.stage(Self.slot("1.3.0", minimum: "1.2.0"), in: record.spare)
    record.confirm()
    // The one before it is too old now, also as what is gone back to.
    #expect(record.minimumVersion == Self.version("1.2.0"))
    #expect(record.takeStart(packaged: Self.version("1.0.0")) == [.slot(.b), .packaged])
    try Self.rollBack(&record)
    #expect(record.active == nil)
  }

  @Test func rollingBackGoesToWhatWasBefore() throws {
    var record = Self.confirmed("1.1.0")
    record.stage(Self.slot("1.2.0"), in: record.spare)
    try Self.rollBack(&record)
    #expect(record.active == .a && record.trial == nil && record[.b].state == .failed)
    record.stage(Self.slot("1.3.0"), in: record.spare)
    record.confirm()
    try Self.rollBack(&record)
    #expect(record.active == .a && record.failedVersion == Self.version("1.3.0"))
    try Self.rollBack(&record)
    #expect(record.active == nil)
    try Self.rollBack(&record, succeeds: false)
  }

  @Test func recordsAreReadAsTheyWereWritten() throws {
    var record = Self.confirmed("1.1.0", minimum: "1.0.7")
    record.stage(Self.slot("65535.1.2"), in: record.spare)
    record.fail(String(repeating: "é", count: 60))
    record.stage(Self.slot("1.4.0"), in: record.spare)
    let bytes = try record.encoded(sequence: 77)
    #expect(bytes.count == 256)
    let (read, sequence) = try #require(try RuntimeRecord.decode(bytes))
    #expect(sequence == 77 && read.failure == String(repeating: "é", count: 32))
    record.failure = read.failure
    #expect(read == record)
    for index in bytes.indices {
      var torn = bytes
      torn[index] ^= 0x80
      #expect(try RuntimeRecord.decode(torn) == nil, "byte \(index)")
    }
  }
}
