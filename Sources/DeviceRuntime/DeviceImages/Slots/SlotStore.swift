package import DeviceCredentials
package import DeviceStorage
package import FirmwareImage
package import Foundations
import Glibc
import OpenSSL
package import UpdateCore

/// The boot record and the slots, on a flash. Its calls block on a thread of its own.
package actor SlotStore {
  /// The flash with all files of the slots.
  package nonisolated let flash: any Flash
  let device: DeviceID
  /// What the device demands of images.
  package nonisolated let trust: DeviceTrust
  private nonisolated let executor = BlockingExecutor(label: "device-storage")
  private var bootRecord: BootRecordStore

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(flash: any Flash, device: DeviceID, trust: DeviceTrust) {
    self.flash = flash
    self.device = device
    self.trust = trust
    bootRecord = BootRecordStore(flash)
  }

  /// Reads the record, with a line about it that the operator should read, if there is one.
  package func loadBootRecord() throws -> (record: BootRecord, warning: String?) {
    var (record, finding) = try bootRecord.load()
    var warning: String?
    switch finding {
    case .good: break
    case .oneDamaged: warning = "one copy of the boot record was damaged; the other one is used"
    case .fresh:
      record = recordOfImages()
      if record != BootRecord() {
        warning = "there is no boot record, but \(Self.adoption(record))"
      }
    case .bothDamaged:
      record = recordOfImages()
      warning = "both copies of the boot record are damaged; \(Self.adoption(record))"
    }
    if record.epoch == 0 { record.epoch = RandomName.make() }
    return (record, warning)
  }

  /// A record made of what the slots hold, for when there is none. An image that verifies was meant for this device;
  /// whether it worked is not known. So the newest is tried, as an update would be, and the other one, if there is
  /// one, is what it gives way to.
  private func recordOfImages() -> BootRecord {
    var record = BootRecord()
    var images = Slot.allCases.compactMap { slot in imageOnTrial(in: slot).map { (slot: slot, image: $0) } }
    images.sort { $0.image.version > $1.image.version }
    guard let newest = images.first else { return record }
    record[newest.slot] = newest.image
    // It did not end in this trial.
    record.isStoppedCleanly = true
    if images.count > 1, images[1].image.version < newest.image.version {
      let older = images[1]
      record[older.slot] = older.image
      record[older.slot].state = .confirmed
      record.active = older.slot
      record.highestConfirmedVersion = older.image.version
    }
    return record
  }

  private func imageOnTrial(in slot: Slot) -> SlotRecord? {
    let files = SlotFiles(slot)
    guard let trust = try? trust.forKeptImage(), let image = try? verify(files.image, trust),
      let manifest = image.configuration.manifest, manifest.firmwareVersion > 0,
      let size = try? flash.size(of: files.image)
    else { return nil }
    return SlotRecord(
      state: .staged, version: manifest.firmwareVersion, digest: image.verdict.wasmDigest, sizeBytes: size,
      securityEpoch: manifest.app.securityEpoch)
  }

  private static func adoption(_ record: BootRecord) -> String {
    let slots = Slot.allCases.filter { record[$0].state != .empty }
    guard let newest = slots.map({ record[$0].version }).max() else {
      return "no slot holds an image that verifies, so the device starts as if it were new"
    }
    return "version \(newest) is in its slot and verifies, so it is tried as after an update"
  }

  /// Writes the record; durable when this returns.
  package func save(_ record: BootRecord) throws { try bootRecord.save(record) }

  func pendingDownload(into slot: Slot) throws -> PendingDownload? {
    try PendingDownload.load(from: flash, slot: slot)
  }

  /// What was on its way when the agent last ended: an offer, if the head that came says so itself; otherwise no more
  /// than a hint, as what announced it.
  package func pendingOffer(into slot: Slot, maximumImageBytes: UInt64) throws -> (
    offer: FirmwareOffer?, hint: FirmwareNotification
  )? {
    guard let pending = try pendingDownload(into: slot)?.offer else { return nil }
    let hint = FirmwareNotification(
      version: pending.version, digest: pending.digest, sizeBytes: pending.sizeBytes, url: pending.url)
    let head = try? flash.read(SlotFiles(slot).download, from: 0, count: ImageHeader.byteCount)
    guard let head,
      case .offer(let offer, nil)? = try? judge(
        head: head, of: hint, maximumImageBytes: maximumImageBytes, isFinal: true),
      offer.isSameImage(as: pending)
    else { return (nil, hint) }
    return (offer, hint)
  }

  func downloadedBytes(in slot: Slot) throws -> UInt64 { try flash.size(of: SlotFiles(slot).download) ?? 0 }

  /// Notes what is on its way to the slot. What is there already of the same image stays.
  ///
  /// - Parameter restarting: drops it all the same.
  func beginDownload(
    of offer: FirmwareOffer, into slot: Slot, restarting: Bool = false
  ) throws {
    // A description that can't be read describes nothing.
    if var pending = try? pendingDownload(into: slot), pending.offer.isSameImage(as: offer), !restarting {
      pending.offer = offer
      try pending.save(to: flash, slot: slot)
      try reclaimStaged(offer, in: slot)
      return
    }
    try flash.remove(SlotFiles(slot).download)
    if !restarting { try reclaimStaged(offer, in: slot) }
    try PendingDownload(offer: offer).save(to: flash, slot: slot)
  }

  /// How much of the download is there.
  func resumePoint(in slot: Slot) throws -> ResumePoint {
    let size = try downloadedBytes(in: slot)
    guard let pending = try pendingDownload(into: slot) else { return ResumePoint(offset: 0) }
    guard size <= pending.offer.sizeBytes else { return ResumePoint(offset: 0) }
    // With or without a tag: the digest tells in the end whether the parts belong together.
    return ResumePoint(offset: size, entityTag: pending.entityTag)
  }

  /// Sees that the rest of the image fits, giving up the slot's old image if need be.
  func makeRoom(for offer: FirmwareOffer, in slot: Slot) throws -> Room {
    let whole = offer.sizeBytes + Self.reserveBytes
    let needed = whole - min(offer.sizeBytes, try downloadedBytes(in: slot))
    if try flash.availableBytes() >= needed { return .enough }
    let capacity = try flash.capacityBytes()
    guard capacity >= whole else {
      return .never(reason: "no space: the image needs \(whole) bytes, the whole flash has \(capacity)")
    }
    try clear(slot)
    let available = try flash.availableBytes()
    if available >= needed { return .enough }
    return .tooLittle(
      reason: "no space: the image needs \(needed) bytes, \(available) are free; make room on the device's flash")
  }

  enum Room: Sendable, Equatable {
    case enough
    case tooLittle(reason: String)
    case never(reason: String)
  }

  /// Bytes that stay free for the boot record, the log and the file system's own use.
  private static let reserveBytes: UInt64 = 64 * 1024

  /// Forgets a download, whole or not.
  package func discardDownload(into slot: Slot) throws {
    try flash.remove(SlotFiles(slot).downloadDescription)
    try flash.remove(SlotFiles(slot).download)
  }

  /// Removes what the slot holds, for space.
  func clear(_ slot: Slot) throws {
    try flash.remove(SlotFiles(slot).compiled)
    try flash.remove(SlotFiles(slot).image)
  }

  /// Verifies the downloaded image: its head, its digest, and what the device's trust demands.
  ///
  /// - Throws: `ImageFormatError`, or `RootDocumentError` or `OTPError` if nothing can be trusted now.
  package func verifyDownload(in slot: Slot, lowestVersion: UInt64) throws -> VerifiedImage {
    try verify(SlotFiles(slot).download, try trust.forNewImage(lowestVersion: lowestVersion))
  }

  /// Whether the module of the downloaded image has the digest, whatever else is wrong with it.
  func downloadHolds(_ digest: SHA256Digest, in slot: Slot) throws -> Bool {
    let name = SlotFiles(slot).download
    var hash = try SHA256()
    var offset = UInt64(ImageHeader.byteCount)
    while true {
      let piece = try flash.read(name, from: offset, count: 64 << 10)
      if piece.isEmpty { break }
      hash.update(piece)
      offset += UInt64(piece.count)
    }
    return SHA256Digest(bytes: hash.finalize()) == digest
  }

  /// The security epoch that is burnt, below which images are refused; 0 without fuses.
  package func lowestSecurityEpoch() throws -> UInt32 { try trust.lowestSecurityEpoch() }

  /// Burns that images of a lower epoch are refused from now on.
  package func raiseSecurityEpoch(to epoch: UInt32) throws { try trust.raiseSecurityEpoch(to: epoch) }

  /// Makes the downloaded file the slot's image. Durable when this returns. The compiled code beside it stays: it
  /// carries the hash of what it was compiled from.
  package func stage(_ slot: Slot) throws {
    let files = SlotFiles(slot)
    try flash.sync(files.download)
    try flash.rename(files.download, to: files.image)
    try flash.syncNames()
  }

  /// Makes a download again of an image that no record speaks of, as a power cut between `stage` and the boot record
  /// leaves it.
  private func reclaimStaged(_ offer: FirmwareOffer, in slot: Slot) throws {
    let files = SlotFiles(slot)
    guard try flash.size(of: files.download) == nil, try flash.size(of: files.image) == offer.sizeBytes,
      manifest(of: slot)?.firmwareVersion == offer.version
    else { return }
    try flash.rename(files.image, to: files.download)
  }

  /// The slot's image, if it is what the record says.
  package func verifyImage(in slot: Slot, against record: SlotRecord) throws -> VerifiedImage {
    guard record.version > 0 else { throw UnusableImage(description: "slot \(slot.name) is empty") }
    let image: VerifiedImage
    do {
      image = try verify(SlotFiles(slot).image, try trust.forKeptImage())
    } catch let error as ImageFormatError {
      // An error of the flash may pass; a file that isn't there won't come back.
      if case .unreadable(_, _, let code) = error, code != ENOENT { throw error }
      throw UnusableImage(description: "the image in slot \(slot.name) is damaged: \(error)")
    } catch let error as FlashError where error.kind == .missing {
      throw UnusableImage(description: "the image in slot \(slot.name) is damaged: \(error)")
    }
    guard image.verdict.wasmDigest == record.digest else {
      throw UnusableImage(description: "slot \(slot.name) holds another image than the boot record says")
    }
    return image
  }

  /// What the slot's image says of itself, unverified: for people to look at.
  package func manifest(of slot: Slot) -> ImageManifest? {
    guard let bytes = try? flash.read(SlotFiles(slot).image, from: 0, count: ImageHeader.byteCount) else { return nil }
    return (try? ImageHeader(decoding: bytes))?.configuration.manifest
  }

  /// What apps read with `config_get`: a flat JSON object of texts that an operator may put beside the slots.
  package func appConfiguration() throws -> [String: String] { try AppConfiguration(from: flash).values }

  private func verify(_ name: String, _ trust: ImageTrust) throws -> VerifiedImage {
    if let path = flash.path(of: name) { return try VerifiedImage.verifying(file: path, for: device, trust: trust) }
    let size = try flash.size(of: name) ?? 0
    return try VerifiedImage.verifying(try flash.read(name, from: 0, count: Int(size)), for: device, trust: trust)
  }
}

/// Why a slot's image can't be run.
package struct UnusableImage: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String
}
