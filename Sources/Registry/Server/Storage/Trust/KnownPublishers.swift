import FirmwareImage
import FoundationEssentials
import Synchronization

/// The publishers of the newest root document, so that not every assignment reads it.
final class KnownPublishers: Sendable {
  /// Which document it is: a restored database may have another one under the same version.
  struct Edition: Equatable, Sendable {
    var version: Int64
    var publishedAt: Date
  }

  private let known = Mutex<(edition: Edition, publishers: [PublisherDelegation])?>(nil)

  /// The publishers of this document; nil if it is not the one that is remembered.
  func publishers(of edition: Edition) -> [PublisherDelegation]? {
    known.withLock { $0?.edition == edition ? $0?.publishers : nil }
  }

  func remember(_ publishers: [PublisherDelegation], of edition: Edition) {
    known.withLock { $0 = (edition, publishers) }
  }
}
