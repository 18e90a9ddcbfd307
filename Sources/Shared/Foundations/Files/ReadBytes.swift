#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// All `count` bytes of an open file from `start` on, or nil if there are fewer or they can't be read.
package func readBytes(of descriptor: Int32, from start: Int = 0, count: Int) -> [UInt8]? {
  guard count >= 0 else { return nil }
  var isWhole = true
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    while initialized < count {
      let got = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(start + initialized))
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        isWhole = false
        return
      }
      initialized += got
    }
  }
  return isWhole ? bytes : nil
}
