#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Reads and writes files of some kilobytes whole: keys, passphrases, certificates, lists of who is let in. It checks who
/// else may read or write what it reads, and lets whole files alone take the place of others.
package enum SmallFile {
  /// Who may be able to use a file. A file that others can use is refused.
  package enum Access: Sendable {
    /// A secret: its owner alone may read or write it, and that is this process's user or root.
    ///
    /// One exception: it belongs to root, this process is not root, and it is in a group that may read and not write it.
    /// Kubernetes mounts Secrets so, and can't do otherwise.
    case secret
    /// As `secret`, and root may also use files of other users: for commands that work on a service's files.
    case secretAlsoForRoot
    /// Anybody may read it, but not everybody may write it.
    case notWorldWritable
    /// Anybody may do anything with it.
    case anybody
  }

  /// The content of a regular file.
  ///
  /// - Parameters:
  ///   - access: who may be able to use it.
  ///   - maximumBytes: a longer one is refused.
  package static func contents(
    of path: String, _ access: Access, maximumBytes: Int
  ) throws(SmallFileError) -> [UInt8] {
    // Else a FIFO in its place would be waited for without end.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .last("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SmallFileError(path, .notAFile) }
    try check(status, access, path)
    guard status.st_size <= maximumBytes else { throw SmallFileError(path, .tooLong(maximumBytes)) }
    // One more than it has: that the end was reached is seen at once.
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
    var count = 0
    while true {
      if count == bytes.count {
        guard count <= maximumBytes else { throw SmallFileError(path, .tooLong(maximumBytes)) }
        bytes.append(contentsOf: repeatElement(0, count: count))
      }
      let result = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + count, $0.count - count) }
      if result < 0, errno == EINTR { continue }
      guard result >= 0 else { throw .last("read", path) }
      if result == 0 { break }
      count += result
    }
    guard count <= maximumBytes else { throw SmallFileError(path, .tooLong(maximumBytes)) }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Checks who may use a file, without reading it.
  package static func check(_ path: String, _ access: Access) throws(SmallFileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .last("stat", path) }
    try check(status, access, path)
  }

  private static func check(_ status: stat, _ access: Access, _ path: String) throws(SmallFileError) {
    switch access {
    case .secret, .secretAlsoForRoot:
      let user = geteuid()
      if case .secretAlsoForRoot = access, user == 0, status.st_mode & 0o077 == 0 { return }
      guard !isSecret(mode: status.st_mode, owner: status.st_uid, user: user) else { return }
      throw SmallFileError(path, status.st_mode & 0o077 == 0 ? .ofAnotherUser : .openToOthers)
    case .notWorldWritable:
      guard status.st_mode & 0o002 == 0 else { throw SmallFileError(path, .worldWritable) }
    case .anybody: break
    }
  }

  /// Whether a file is kept as ``Access/secret`` has it.
  static func isSecret(mode: mode_t, owner: uid_t, user: uid_t) -> Bool {
    if mode & 0o077 == 0 { return owner == user || owner == 0 }
    return owner == 0 && user != 0 && mode & 0o037 == 0
  }
}
