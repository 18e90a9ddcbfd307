import CLinux
import Glibc

/// The kernel's random numbers, which are good for keys.
package enum KernelRandom {
  /// Waits, on a machine that was switched on a moment ago, until the kernel has what it makes them of.
  package static func bytes(count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let base = buffer.baseAddress {
        let result = unsafe linux_getrandom(base + filled, UInt(count - filled), 0)
        // A signal came in between.
        if result < 0, errno == EINTR { continue }
        precondition(result > 0, "getrandom failed with errno \(errno), as it does on no Linux since 3.17")
        filled += Int(result)
      }
    }
  }
}
