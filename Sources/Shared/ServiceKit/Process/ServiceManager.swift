import Glibc

/// Who started this process and wants to hear how it is: a service manager that understands the messages of
/// `sd_notify(3)`, as systemd does with `Type=notify`. Each message is a datagram to the socket that `NOTIFY_SOCKET` names.
///
/// A message that can't be sent is lost: whoever waits for it acts as if the process had nothing to say.
package struct ServiceManager: Sendable {
  /// Where messages go: a path, or a name of an abstract socket behind an `@`.
  private let socketName: String
  /// Within this time the manager wants a sign of life, else it ends the process; nil: it doesn't watch.
  package let watchdog: Duration?

  /// What `sun_path` has room for, with its final zero.
  private static let maximumNameBytes = 107

  /// - Parameters:
  ///   - environment: the process's variables `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
  ///   - processIdentifier: of this process. The watchdog of another one is none of its business.
  /// - Returns: nil if nobody listens, or at an address that is none.
  package init?(environment: [String: String], processIdentifier: Int32 = getpid()) {
    guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@"), name.utf8.count > 1,
      name.utf8.count <= Self.maximumNameBytes
    else { return nil }
    socketName = name
    let isMeant = environment["WATCHDOG_PID"].map { $0 == String(processIdentifier) } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    watchdog = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
  }

  /// What a process may say.
  package enum Message: Sendable, Equatable {
    /// What it is there for works now.
    case ready
    /// It lives.
    case alive
    /// It has begun to end.
    case stopping
    /// What it does, in a line for people.
    case status(String)

    var text: String {
      switch self {
      case .ready: "READY=1"
      case .alive: "WATCHDOG=1"
      case .stopping: "STOPPING=1"
      case .status(let text): "STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
      }
    }
  }

  /// Sends the messages as one.
  ///
  /// - Returns: whether the manager's socket took it.
  @discardableResult
  package func tell(_ messages: Message...) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketName.utf8)
    // Names of abstract sockets begin with a zero and have no end but their length.
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count + (name[0] == 0 ? 0 : 1))
    let bytes = Array(messages.map(\.text).joined(separator: "\n").utf8)
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        // Whoever does not read keeps nobody waiting.
        sendto(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), address, length)
      }
    }
    return sent == bytes.count
  }
}
