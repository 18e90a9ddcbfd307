import Glibc

/// Small files with keys, read and written whole.
package enum KeyFile {
  static let maximumBytes = 4096

  /// Looks whether a file with a secret is kept as one: only its owner may read it.
  ///
  /// One exception: it belongs to root, this process is not root, and it is in a group that may read and not write it.
  /// Kubernetes mounts Secrets so, and can't do otherwise.
  ///
  /// - Throws: if others may read it, or it can't be looked at.
  package static func checkSecret(_ path: String) throws(KeyFileError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw KeyFileError("can't look at \(path): \(errorText())") }
    try check(status, access: .ownerOnly, path: path)
  }

  static func isSecret(mode: mode_t, owner: uid_t, user: uid_t) -> Bool {
    if mode & 0o077 == 0 { return owner == user || owner == 0 }
    return owner == 0 && user != 0 && mode & 0o037 == 0
  }

  /// Who else may be able to use a file.
  enum Access {
    /// Only its owner may read or write it.
    case ownerOnly
    /// Anybody may read it, and not everybody write it.
    case notWorldWritable
  }

  static func read(_ path: String, access: Access) throws(KeyFileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw KeyFileError("can't read \(path): \(errorText())") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw KeyFileError("can't look at \(path): \(errorText())") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw KeyFileError("\(path) is not a file") }
    try check(status, access: access, path: path)
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      let read = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw KeyFileError("can't read \(path): \(errorText())") }
      if read == 0 { break }
      count += read
    }
    guard count <= maximumBytes else {
      throw KeyFileError("\(path) is longer than \(maximumBytes) bytes: it is no key")
    }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw KeyFileError("\(path) is no text")
    }
    return text
  }

  private static func check(_ status: stat, access: Access, path: String) throws(KeyFileError) {
    switch access {
    case .ownerOnly:
      guard !isSecret(mode: status.st_mode, owner: status.st_uid, user: geteuid()) else { return }
      guard status.st_mode & 0o077 == 0 else {
        throw KeyFileError(
          "others may read or write \(path): chmod 600 it, and make a new key if they may have read it")
      }
      throw KeyFileError("\(path) belongs to another user, who can read and change it: make a key of your own")
    case .notWorldWritable:
      guard status.st_mode & 0o002 == 0 else { throw KeyFileError("anybody may write \(path): chmod o-w it") }
    }
  }

  /// Makes a new file, on disk when this returns.
  ///
  /// - Throws: if there is one already.
  static func create(_ path: String, _ text: String, mode: mode_t) throws(KeyFileError) {
    try write(path, text, mode: mode, flags: O_EXCL, isDurable: true)
  }

  private static func write(
    _ path: String, _ text: String, mode: mode_t, flags: Int32, isDurable: Bool
  ) throws(KeyFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode)
    guard descriptor >= 0 else {
      let isThere = errno == EEXIST
      throw KeyFileError(
        isThere
          ? "\(path) is there already: name another file, or remove it if nothing uses it"
          : "can't create \(path): \(errorText())")
    }
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = errorText()
        unlink(path)
        throw KeyFileError("can't write \(path): \(reason)")
      }
      rest = rest.dropFirst(count)
    }
    // Whatever the umask took away.
    guard fchmod(descriptor, mode) == 0, !isDurable || fsync(descriptor) == 0 else {
      let reason = errorText()
      unlink(path)
      throw KeyFileError("can't write \(path): \(reason)")
    }
  }

  /// Makes a file anew that is made at each start: it need not outlive a power failure, and a disk that fails now and
  /// then keeps nobody from starting.
  static func remake(_ path: String, _ text: String, mode: mode_t) throws(KeyFileError) {
    // What is there may be one that others may read, or have open.
    unlink(path)
    try write(path, text, mode: mode, flags: O_TRUNC, isDurable: false)
  }

  /// Replaces a file, so that whoever reads it sees the old one or the new one.
  static func replace(_ path: String, _ text: String, mode: mode_t) throws(KeyFileError) {
    let temporary = "\(path).\(getpid())"
    unlink(temporary)
    try create(temporary, text, mode: mode)
    guard rename(temporary, path) == 0 else {
      let reason = errorText()
      unlink(temporary)
      throw KeyFileError("can't write \(path): \(reason)")
    }
  }

  /// Makes a folder if it is missing.
  ///
  /// - Parameter isPrivate: whether nobody but its owner may look into it, also if it is there already.
  static func makeFolder(_ path: String, isPrivate: Bool) throws(KeyFileError) {
    let mode: mode_t = isPrivate ? 0o700 : 0o755
    guard mkdir(path, mode) == 0 || errno == EEXIST else {
      throw KeyFileError("can't make the folder \(path): \(errorText())")
    }
    guard isPrivate else { return }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
      throw KeyFileError("\(path) is not a folder of this user's own: remove it")
    }
    guard status.st_mode & 0o077 == 0 || chmod(path, mode) == 0 else {
      throw KeyFileError("others may look into \(path), and that can't be changed: \(errorText())")
    }
  }

  /// The text of the calling thread's `errno`.
  static func errorText() -> String { String(cString: strerror(errno)) }
}
