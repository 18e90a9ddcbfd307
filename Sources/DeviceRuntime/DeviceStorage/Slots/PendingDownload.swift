import FoundationEssentials
import Foundations
import TextFormats
package import UpdateCore

/// A download under way, kept beside its bytes so that the agent's next start goes on with it.
///
/// Not synced: after a power cut it may be lost or damaged. Then it is ignored, and the offer comes again.
package struct PendingDownload: Sendable, Equatable {
  /// What is being downloaded.
  package var offer: FirmwareOffer
  /// Strong entity tag of the bytes that are there; nil: none yet, or none to be relied on.
  package var entityTag: String?

  private struct Stored: Codable {
    var version: UInt64
    var digest: String
    var size: UInt64
    var url: String
    var entityTag: String?
  }

  private static let maximumBytes = 16 * 1024

  package init(offer: FirmwareOffer, entityTag: String? = nil) {
    self.offer = offer
    self.entityTag = entityTag
  }

  /// What is on its way to the slot; nil: nothing, or the file that says it can't be used.
  package static func load(from flash: any Flash, slot: Slot) throws(FlashError) -> PendingDownload? {
    guard
      let bytes = try flash.readAll(SlotFiles(slot).downloadDescription, maximumBytes: maximumBytes),
      let stored = try? JSONCoding.decode(Stored.self, from: bytes),
      let digest = SHA256Digest(stored.digest)
    else { return nil }
    return PendingDownload(
      offer: FirmwareOffer(
        version: stored.version, digest: digest, sizeBytes: stored.size, url: stored.url),
      entityTag: stored.entityTag)
  }

  /// Writes the description. Not durable when it returns, and never half a file.
  package func save(to flash: any Flash, slot: Slot) throws(FlashError) {
    let stored = Stored(
      version: offer.version, digest: offer.digest.description, size: offer.sizeBytes,
      url: offer.url, entityTag: entityTag)
    guard let data = try? JSONCoding.encoder().encode(stored) else {
      throw FlashError(.failed, "the description of a download can't be encoded")
    }
    let name = SlotFiles(slot).downloadDescription
    try flash.remove(name + ".new")
    try flash.write(Array(data).span.bytes, to: name + ".new", at: 0)
    try flash.rename(name + ".new", to: name)
  }
}
