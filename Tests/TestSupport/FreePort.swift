import Glibc
import Synchronization

/// A TCP port of the loopback interface that nobody uses, kept from other test processes while it is referenced.
///
/// Ports lie below 32768, where the kernel's own range for clients starts: one from there could be taken by any
/// outgoing connection between two starts of a server.
package final class FreePort: Sendable {
  package let number: Int
  private let lock: Int32

  /// - Throws: `TestFailure` when none is found in thousands of attempts.
  package init() throws {
    let folder = "/tmp/xtblish-test-ports"
    // Shared by all users: whoever runs tests may make it, everybody may add files.
    if mkdir(folder, 0o777) == 0 { chmod(folder, 0o1777) }
    for _ in 0..<4_000 {
      let candidate = Int.random(in: 10_000..<32_000)
      guard let lock = Self.lock("\(folder)/\(candidate)") else { continue }
      if Self.isFree(candidate) {
        number = candidate
        self.lock = lock
        return
      }
      close(lock)
    }
    throw TestFailure("no free TCP port between 10000 and 32000; is \(folder) writable?")
  }

  deinit {
    // The empty file stays: removing it would let two processes lock two files of one name.
    close(lock)
  }

  /// A lock that ends with the process, however it ends, and is not inherited by children.
  private static func lock(_ path: String) -> Int32? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        // Fails where somebody listens. It does not listen itself: a child that is just being started has a copy of the
        // socket until it executes its program, and the port would be taken until then.
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}

/// The IPv4 loopback address with a port.
func loopback(_ port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
  return address
}
