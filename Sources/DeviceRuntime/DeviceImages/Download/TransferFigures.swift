import Synchronization

/// How far a download is, for whoever asks.
package final class TransferFigures: Sendable {
  private let done = Atomic<UInt64>(0)
  private let total = Atomic<UInt64>(0)

  package init() {}

  /// How many bytes of the image are there.
  package var bytesDone: UInt64 { done.load(ordering: .relaxed) }
  /// The size of the whole image; 0 before the download begins.
  package var bytesTotal: UInt64 { total.load(ordering: .relaxed) }

  func begin(total bytes: UInt64, done already: UInt64) {
    done.store(already, ordering: .relaxed)
    total.store(bytes, ordering: .relaxed)
  }

  func reach(_ bytes: UInt64) { done.store(bytes, ordering: .relaxed) }
}
