import Glibc

/// A TCP connection that sends exactly the bytes it is given, for playing a hostile or a broken peer.
///
/// Its calls block, with bounds: use it within `allowingBlockingCalls`.
package final class RawTCPClient: Sendable {
  private let descriptor: Int32

  /// Connects to a port of the loopback interface.
  package init(port: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("no socket: \(errorText())") }
    var address = loopback(port)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard connected else {
      let reason = errorText()
      close(descriptor)
      throw TestFailure("can't connect to port \(port): \(reason)")
    }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  package func send(_ text: String) throws {
    try send(Array(text.utf8))
  }

  /// Sends all of it.
  ///
  /// - Throws: `TestFailure` when the peer has closed, or takes nothing for 20 seconds.
  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      guard waitUntil(POLLOUT, within: patience) else { throw TestFailure("the peer takes no more bytes") }
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw TestFailure("sending failed after \(sent) bytes: \(errorText())") }
      sent += count
    }
  }

  /// Tells the peer that nothing more comes, and still receives.
  package func closeSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Ends the connection with a reset instead of an orderly end, at once: Linux sends one when a socket is connected to
  /// no address (connect(2), AF_UNSPEC).
  package func reset() {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
  }

  /// Keeps the kernel from taking much from the peer on behalf of this client. Call it before anything is received.
  package func setReceiveBuffer(bytes: Int32) {
    var size = bytes
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
  }

  /// What arrives next, at most `maximum` bytes. Empty when the peer has closed.
  ///
  /// - Throws: `TestFailure` when nothing comes within `limit`, or the peer resets the connection.
  package func receive(maximum: Int = 65_536, within limit: Duration = patience) throws -> [UInt8] {
    guard waitUntil(POLLIN, within: limit) else { throw TestFailure("nothing received within \(limit)") }
    var buffer = [UInt8](repeating: 0, count: maximum)
    let count = recv(descriptor, &buffer, maximum, 0)
    guard count >= 0 else { throw TestFailure("receiving failed: \(errorText())") }
    return Array(buffer[..<count])
  }

  /// Everything until the peer closes.
  package func receiveToEnd(within limit: Duration = patience) throws -> [UInt8] {
    let deadline = ContinuousClock.now + limit
    var all: [UInt8] = []
    while true {
      let part = try receive(within: max(.zero, deadline - .now))
      if part.isEmpty { return all }
      all += part
    }
  }

  /// Receives until what has come satisfies `isComplete`, or the peer closes.
  package func receive(
    until isComplete: ([UInt8]) -> Bool, within limit: Duration = patience
  ) throws -> [UInt8] {
    let deadline = ContinuousClock.now + limit
    var all: [UInt8] = []
    while !isComplete(all) {
      let part = try receive(within: max(.zero, deadline - .now))
      if part.isEmpty { break }
      all += part
    }
    return all
  }

  private func waitUntil(_ event: Int32, within limit: Duration) -> Bool {
    let milliseconds = limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000
    var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return poll(&request, 1, Int32(clamping: milliseconds)) > 0
  }
}
