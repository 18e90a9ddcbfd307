package import BlobStorage
import FirmwareImage
package import Foundations
import Synchronization

/// The hash at the start of whole images. It covers the device's configuration and the wasm, so it
/// takes a reading of the wasm for each version of each device: the first time it is asked for.
package final class ImageHashes: Sendable {
  private struct Key: Hashable {
    var configuration: ImageConfiguration
    var digest: SHA256Digest
  }

  /// Entries take about 1 KiB each.
  private static let capacity = 8_192

  private let known = Mutex(BoundedCache<Key, SHA256Digest>(capacity: capacity))
  private let computing = SingleFlight<Key, SHA256Digest>()

  package init() {}

  /// The hash of a version's whole image, whose wasm the blob is.
  package func hash(of firmware: AssignedFirmware, _ blob: any Blob) async throws -> SHA256Digest {
    let key = Key(configuration: firmware.configuration, digest: firmware.digest)
    if let hash = known.withLock({ $0[key] }) { return hash }
    let hash = try await computing.value(for: key) {
      try await blob.digest(prefixedBy: firmware.configuration.encoded())
    }
    known.withLock { $0[key] = hash }
    return hash
  }
}
