import NIOCore
import Synchronization

/// A buffer that is filled again once nobody else holds what it had: reading a blob piece by piece
/// then allocates nothing, and stays in the processor's cache.
///
/// Who still holds the former content keeps it: it is then left to them, and new memory is taken.
package final class ReusedBuffer: Sendable {
  private let buffer = Mutex(ByteBuffer())

  package init() {}

  /// Empties the buffer, lets `fill` add to it, and gives out the result.
  func refill(_ fill: (inout ByteBuffer) throws -> Void) rethrows -> ByteBuffer {
    // Out of the lock's hands while it is filled, so that there is one reference to its memory.
    var own = buffer.withLock { held in
      defer { held = ByteBuffer() }
      return held
    }
    own.clear()
    try fill(&own)
    buffer.withLock { $0 = own }
    return own
  }
}
