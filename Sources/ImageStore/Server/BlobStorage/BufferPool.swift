import Synchronization

/// Keeps some buffers from one response for the next: fresh memory costs a page fault every 4 KiB.
package final class BufferPool: Sendable {
  /// How many buffers are kept: at most 8 MiB, with pieces of 256 KiB.
  private static let capacity = 32

  private let spare = Mutex<[ReusedBuffer]>([])

  package init() {}

  /// Gives that many buffers; new ones where none are kept.
  package func take(_ count: Int) -> [ReusedBuffer] {
    spare.withLock { spare in
      let kept = Array(spare.suffix(count))
      spare.removeLast(kept.count)
      return kept + (kept.count..<count).map { _ in ReusedBuffer() }
    }
  }

  /// Takes back what `take` gave.
  package func give(_ buffers: [ReusedBuffer]) {
    spare.withLock { spare in
      spare += buffers.prefix(Self.capacity - spare.count)
    }
  }
}
