import Glibc

/// The right to listen on an `ipc://` address, held while this lives.
///
/// libzmq removes whatever socket file lies at the path before it binds, also one that another
/// process listens on. So a lock beside the socket, which the kernel releases when its holder is
/// killed, tells a stale file from a live one, and a probe finds listeners that know no such lock.
final class IPCAddressClaim {
  private let lock: Int32

  /// - Returns: nil for addresses without a file: `tcp://` and abstract ones.
  /// - Throws: if another listener has the address, or the folder can't be written.
  init?(endpoint: String) throws(TransportError) {
    guard endpoint.hasPrefix("ipc://") else { return nil }
    let path = String(endpoint.dropFirst("ipc://".count))
    guard !path.hasPrefix("@"), !path.hasPrefix("*") else { return nil }
    let lockPath = path + ".lock"
    let lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      let reason = String(cString: strerror(errno))
      throw TransportError(
        endpoint: endpoint,
        description: "can't create \(lockPath): \(reason); check that the folder exists and is writable"
      )
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0, !Self.hasListener(at: path) else {
      close(lock)
      throw TransportError(
        endpoint: endpoint,
        description: "another process listens on \(endpoint): stop it, or choose another path", isAddressInUse: true)
    }
    self.lock = lock
  }

  deinit {
    // Unlocked by name, because a child that is being started may hold a copy of the descriptor for
    // a moment. The file stays: removing it could take it from under a process that is about to
    // lock it.
    flock(lock, LOCK_UN)
    close(lock)
  }

  private static func hasListener(at path: String) -> Bool {
    var address = sockaddr_un()
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
      guard path.utf8.count < buffer.count else { return false }
      buffer.copyBytes(from: path.utf8)
      return true
    }
    // libzmq says so itself, and better.
    guard fits else { return false }
    address.sun_family = sa_family_t(AF_UNIX)
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { return false }
    defer { close(probe) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
