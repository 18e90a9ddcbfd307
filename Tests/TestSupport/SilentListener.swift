import Glibc

/// A port that takes connections and never answers on them, as a host behind a broken network does.
package final class SilentListener: Sendable {
  package let port: Int
  private let freePort: FreePort
  private let descriptor: Int32

  package init() throws {
    freePort = try FreePort()
    port = freePort.number
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("no socket: \(errorText())") }
    var reuse: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port)
    let isListening = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        // The kernel takes connections by itself until so many wait.
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 64) == 0
      }
    }
    guard isListening else {
      let reason = errorText()
      close(descriptor)
      throw TestFailure("can't listen on port \(port): \(reason)")
    }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }
}
