package import UpdateCore

/// Keeps the boot record in two copies and writes them in turn, so that one is whole at any moment.
package struct BootRecordStore {
  static let copies = ["boot-record-0", "boot-record-1"]

  private let flash: any Flash
  private var sequence: UInt64 = 0
  /// The copy to write next: the older or damaged one.
  private var nextCopy = 0

  /// What `load` found of the two copies, where that is worth a word.
  package enum Finding: Sendable, Equatable {
    case fresh
    case good
    /// One copy is damaged, as after a power cut while it was written; the other one counts.
    case oneDamaged
    /// Both are damaged: nothing of the past is known.
    case bothDamaged
  }

  package init(_ flash: any Flash) {
    self.flash = flash
  }

  /// Reads the newer whole copy; a new record if there is none.
  package mutating func load() throws -> (BootRecord, Finding) {
    var best: (record: BootRecord, sequence: UInt64, copy: Int)?
    var damaged = 0
    var present = 0
    for (index, name) in Self.copies.enumerated() {
      // A bad block is damage too.
      var bytes: [UInt8]? = []
      do throws(FlashError) {
        guard let size = try flash.size(of: name) else { continue }
        bytes = try flash.read(name, from: 0, count: Int(min(size, UInt64(BootRecord.encodedSizeBytes))))
      } catch {
        bytes = nil
      }
      present += 1
      guard let (record, sequence) = try bytes.flatMap({ try BootRecord.decode($0) }) else {
        damaged += 1
        continue
      }
      if best == nil || sequence > best!.sequence { best = (record, sequence, index) }
    }
    guard let best else {
      return (BootRecord(), present == 0 ? .fresh : .bothDamaged)
    }
    sequence = best.sequence
    nextCopy = 1 - best.copy
    return (best.record, damaged == 0 ? .good : .oneDamaged)
  }

  /// Returns when the record is durable.
  package mutating func save(_ record: BootRecord) throws {
    let name = Self.copies[nextCopy]
    let isNew = (try? flash.size(of: name)) == nil
    let bytes = try record.encoded(sequence: sequence &+ 1)
    do throws(FlashError) {
      try flash.write(bytes.span.bytes, to: name, at: 0)
      try flash.sync(name)
      if isNew { try flash.syncNames() }
    } catch  where error.kind == .failed {
      // Its place on the flash may be worn out: another file takes its name.
      try flash.replace(name, with: bytes)
    }
    sequence &+= 1
    nextCopy = 1 - nextCopy
  }
}
