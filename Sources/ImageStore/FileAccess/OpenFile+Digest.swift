package import Foundations
import OpenSSL

extension OpenFile {
  /// Large enough for full speed of the hash, small enough to stay in the processor's cache.
  private static let pieceBytes = 256 * 1024

  /// SHA-256 of some bytes and then all of the file.
  package func digest(prefixedBy prefix: [UInt8]) throws -> SHA256Digest {
    var hash = try SHA256()
    hash.update(prefix)
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 4096)
    defer { space.deallocate() }
    var offset: UInt64 = 0
    while true {
      let count = try read(at: offset, into: space)
      if count == 0 { break }
      hash.update(UnsafeRawBufferPointer(rebasing: space.prefix(count)))
      offset += UInt64(count)
    }
    return SHA256Digest(finished: hash.finalize())
  }
}
