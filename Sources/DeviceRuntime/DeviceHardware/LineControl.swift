import CLinux
import Glibc

/// The kernel's side of GPIO lines. A seam: tests stand in for the kernel.
protocol LineControl: Sendable {
  /// Performs `request` on an open chip or line. Returns 0 or a positive errno.
  func control(_ descriptor: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer) -> Int32
}

struct KernelLineControl: LineControl {
  func control(_ descriptor: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer) -> Int32 {
    while linux_ioctl(descriptor, request, argument) < 0 {
      if errno != EINTR { return errno }
    }
    return 0
  }
}
