/// A small record in two copies that are written in turn, so that one is whole at any moment. What is in a record, and how
/// a whole one is known, is its owner's to say; a sequence number in it tells which copy is newer.
package struct RecordCopies {
  private let names: [String]
  private let sizeBytes: Int
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

  /// - Parameters:
  ///   - name: of both files, behind which a `-` and a digit stand.
  ///   - sizeBytes: of every record.
  package init(_ name: String, sizeBytes: Int, on flash: any Flash) {
    names = ["\(name)-0", "\(name)-1"]
    self.sizeBytes = sizeBytes
    self.flash = flash
  }

  /// Reads the newer whole copy.
  ///
  /// - Parameter decode: gives nil for anything that is not whole.
  /// - Returns: nil in the place of the record if there is none.
  package mutating func load<Record>(
    decode: ([UInt8]) throws -> (record: Record, sequence: UInt64)?
  ) throws -> (Record?, Finding) {
    var best: (record: Record, sequence: UInt64, copy: Int)?
    var damaged = 0
    var present = 0
    for (index, name) in names.enumerated() {
      // A bad block is damage too.
      var bytes: [UInt8]? = []
      do throws(FlashError) {
        guard let size = try flash.size(of: name) else { continue }
        bytes = try flash.read(name, from: 0, count: Int(min(size, UInt64(sizeBytes))))
      } catch {
        bytes = nil
      }
      present += 1
      guard let (record, sequence) = try bytes.flatMap({ try decode($0) }) else {
        damaged += 1
        continue
      }
      if best == nil || sequence > best!.sequence { best = (record, sequence, index) }
    }
    guard let best else { return (nil, present == 0 ? .fresh : .bothDamaged) }
    sequence = best.sequence
    nextCopy = 1 - best.copy
    return (best.record, damaged == 0 ? .good : .oneDamaged)
  }

  /// Returns when the record is durable.
  ///
  /// - Parameter encode: gives the bytes with this sequence number.
  package mutating func save(encode: (UInt64) throws -> [UInt8]) throws {
    let name = names[nextCopy]
    let isNew = (try? flash.size(of: name)) == nil
    let bytes = try encode(sequence &+ 1)
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
