import FileAccess
import NIOCore

extension OpenFile {
  /// Reads up to `count` bytes from `offset` to the end of a buffer.
  func read(at offset: UInt64, count: Int, appendingTo buffer: inout ByteBuffer) throws {
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(count)))
    }
  }
}
