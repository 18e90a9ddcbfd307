package import DeviceStorage
import Foundations
import Glibc
import OpenSSL
package import RuntimeBundle
package import UpdateCore

/// The two places for a device's runtime, and the record of them: the folder `runtime` of its directory, with `a` and `b`
/// below it.
package struct RuntimeStore: Sendable {
  /// The folder's name in the device's directory.
  package static let folderName = "runtime"

  let records: any Flash
  private let slotA: any Flash
  private let slotB: any Flash

  /// - Parameters:
  ///   - records: of the record alone.
  ///   - slotA: of the files in slot A alone.
  package init(records: any Flash, slotA: any Flash, slotB: any Flash) {
    self.records = records
    self.slotA = slotA
    self.slotB = slotB
  }

  /// - Parameter directory: the device's. The folders are made if they aren't there.
  package init(directory: String) throws(FlashError) {
    let folder = "\(directory)/\(Self.folderName)"
    let records = try DirectoryFlash(directory: folder)
    self.init(
      records: records, slotA: try DirectoryFlash(directory: "\(folder)/a"),
      slotB: try DirectoryFlash(directory: "\(folder)/b"))
  }

  /// Whether a runtime was ever installed in this directory: otherwise there is nothing to look at.
  package static func exists(in directory: String) -> Bool { access("\(directory)/\(folderName)", F_OK) == 0 }

  /// The files of a slot.
  package func files(of slot: Slot) -> any Flash { slot == .a ? slotA : slotB }

  /// The program of a slot; nil if this store has no paths.
  package func path(of name: String, in slot: Slot) -> String? { files(of: slot).path(of: name) }

  /// What is on record.
  package func record() throws -> RuntimeRecord {
    var copies = copies
    return try copies.load { try RuntimeRecord.decode($0) }.0 ?? RuntimeRecord()
  }

  /// Changes the record; durable when this returns. Of several processes that do this at once, one is first.
  @discardableResult
  package func change<Result>(_ body: (inout RuntimeRecord) throws -> Result) throws -> Result {
    let lock = try RuntimeLock(path: records.path(of: "record.lock"))
    defer { withExtendedLifetime(lock) {} }
    var copies = copies
    let before = try copies.load { try RuntimeRecord.decode($0) }.0 ?? RuntimeRecord()
    var record = before
    let result = try body(&record)
    if record != before { try copies.save { try record.encoded(sequence: $0) } }
    return result
  }

  private var copies: RecordCopies {
    RecordCopies("record", sizeBytes: RuntimeRecord.encodedSizeBytes, on: records)
  }

  /// Reads every byte of a slot, and compares it with what is on record.
  ///
  /// - Returns: the slot's manifest.
  /// - Throws: `RuntimeBundleError` that says which file is not what was installed, or `FlashError`.
  @discardableResult
  package func check(_ slot: Slot, _ record: RuntimeSlotRecord) throws -> RuntimeManifest {
    let files = files(of: slot)
    let name = RuntimeManifest.fileName
    guard let bytes = try files.readAll(name, maximumBytes: 1 << 20) else {
      throw RuntimeBundleError.unreadable(file: name, reason: "it is not there")
    }
    guard let digest = record.manifest, try SHA256.digest(of: bytes) == digest.bytes else {
      throw RuntimeBundleError.damaged(file: name)
    }
    let manifest = try RuntimeManifest(decoding: bytes)
    for file in manifest.files { try Self.check(file, in: files) }
    return manifest
  }

  private static func check(_ file: RuntimeFile, in files: any Flash) throws {
    guard try files.size(of: file.name) == file.sizeBytes else { throw RuntimeBundleError.damaged(file: file.name) }
    var hash = try SHA256()
    var offset: UInt64 = 0
    while offset < file.sizeBytes {
      let bytes = try files.read(file.name, from: offset, count: pieceBytes)
      guard !bytes.isEmpty else { throw RuntimeBundleError.damaged(file: file.name) }
      hash.update(bytes)
      offset += UInt64(bytes.count)
    }
    guard hash.finalize() == file.digest.bytes else { throw RuntimeBundleError.damaged(file: file.name) }
    // The mode may be lost in a power failure, as only content and length are synced.
    if file.isExecutable, let path = files.path(of: file.name) { chmod(path, 0o700) }
  }

  /// What is read or written at once.
  static let pieceBytes = 256 << 10
}
