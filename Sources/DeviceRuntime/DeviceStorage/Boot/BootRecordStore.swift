package import UpdateCore

/// Keeps the boot record in two copies and writes them in turn, so that one is whole at any moment.
package struct BootRecordStore {
  static let copies = ["boot-record-0", "boot-record-1"]

  private var files: RecordCopies

  /// What `load` found of the two copies.
  package typealias Finding = RecordCopies.Finding

  package init(_ flash: any Flash) {
    files = RecordCopies("boot-record", sizeBytes: BootRecord.encodedSizeBytes, on: flash)
  }

  /// Reads the newer whole copy; a new record if there is none.
  package mutating func load() throws -> (BootRecord, Finding) {
    let (record, finding) = try files.load { try BootRecord.decode($0) }
    return (record ?? BootRecord(), finding)
  }

  /// Returns when the record is durable.
  package mutating func save(_ record: BootRecord) throws {
    try files.save { try record.encoded(sequence: $0) }
  }
}
