import DeviceStorage
import Foundations
import Glibc
package import OpenSSL
package import RuntimeBundle
package import UpdateCore

/// Puts a runtime into the spare slot, to be tried at the next start. The power may fail anywhere: until all is there and on
/// record, nothing starts from the slot.
package struct RuntimeInstallation {
  private let store: RuntimeStore
  private let keys: [Ed25519.PublicKey]
  private let architecture: String
  private let packaged: RuntimeVersion

  /// - Parameters:
  ///   - keys: whose signatures of runtimes count.
  ///   - architecture: the device's, as `uname -m` names it.
  ///   - packaged: the version of the runtime that the operating system's package brought.
  package init(
    store: RuntimeStore, trusting keys: [Ed25519.PublicKey], architecture: String, packaged: RuntimeVersion
  ) {
    self.store = store
    self.keys = keys
    self.architecture = architecture
    self.packaged = packaged
  }

  /// Bytes of a bundle from an offset on: fewer than asked for only at its end.
  package typealias Source = (_ offset: UInt64, _ count: Int) throws -> [UInt8]

  /// Installs a bundle. Durable when this returns.
  ///
  /// - Returns: what was installed, and where.
  /// - Throws: `RuntimeBundleError`, `RuntimeRefusal` or `FlashError`; the device then starts what it did before.
  @discardableResult
  package func install(_ source: Source) throws -> (manifest: RuntimeManifest, slot: Slot) {
    let head = try source(0, RuntimeManifest.headBytes)
    let encoded = try source(0, try RuntimeManifest.sizeBytes(head: head))
    let manifest = try RuntimeManifest(decoding: encoded)
    guard !keys.isEmpty else { throw RuntimeRefusal.noKeys }
    try manifest.verify(trusting: keys)
    // Names of folders that were made a moment ago are to outlive the power.
    try store.records.syncNames()
    let slot = try store.change { record in
      try judge(manifest, record)
      let slot = record.spare
      record.empty(slot)
      return slot
    }
    try write(manifest, encoded, source, to: store.files(of: slot))
    let staged = RuntimeSlotRecord(
      state: .whole, version: manifest.version, minimumVersion: manifest.minimumVersion, besidePackage: packaged,
      manifest: try manifest.digest())
    // What was written is what will be started, whatever the flash made of it.
    try store.check(slot, staged)
    try store.change { record in
      // Another process may have installed meanwhile.
      try judge(manifest, record)
      guard record.spare == slot else { throw RuntimeRefusal.trialUnderWay(record[record.spare.other].version) }
      record.stage(staged, in: slot)
    }
    return (manifest, slot)
  }

  private func judge(_ manifest: RuntimeManifest, _ record: RuntimeRecord) throws(RuntimeRefusal) {
    guard manifest.architecture == architecture else {
      throw .otherArchitecture(manifest.architecture, own: architecture)
    }
    guard manifest.version >= record.minimumVersion else {
      throw .belowMinimum(manifest.version, minimum: record.minimumVersion)
    }
    let kept = record.keptVersion(packaged: packaged)
    guard manifest.version > kept || manifest.mayReplaceNewer else { throw .notNewer(manifest.version, kept: kept) }
    if let trial = record.trial { throw .trialUnderWay(record[trial].version) }
  }

  private func write(
    _ manifest: RuntimeManifest, _ encoded: [UInt8], _ source: Source, to files: any Flash
  ) throws {
    for name in try files.list() { try files.remove(name) }
    let available = try files.availableBytes()
    guard manifest.contentBytes + UInt64(encoded.count) <= available else {
      throw RuntimeRefusal.noSpace(neededBytes: manifest.contentBytes, availableBytes: available)
    }
    var offset = UInt64(encoded.count)
    for file in manifest.files {
      try copy(file, from: source, at: offset, to: files)
      offset += file.sizeBytes
    }
    guard try source(offset, 1).isEmpty else { throw RuntimeBundleError.malformed("it goes on after its last file") }
    try files.write(encoded.span.bytes, to: RuntimeManifest.fileName, at: 0)
    try files.sync(RuntimeManifest.fileName)
    try files.syncNames()
  }

  private func copy(_ file: RuntimeFile, from source: Source, at start: UInt64, to files: any Flash) throws {
    var hash = try SHA256()
    var done: UInt64 = 0
    try files.write([UInt8]().span.bytes, to: file.name, at: 0)
    while done < file.sizeBytes {
      let count = Int(min(UInt64(RuntimeStore.pieceBytes), file.sizeBytes - done))
      let bytes = try source(start + done, count)
      guard bytes.count == count else { throw RuntimeBundleError.malformed("it ends within \(file.name)") }
      hash.update(bytes)
      try files.write(bytes.span.bytes, to: file.name, at: done)
      done += UInt64(count)
    }
    guard hash.finalize() == file.digest.bytes else { throw RuntimeBundleError.damaged(file: file.name) }
    try files.sync(file.name)
  }
}
