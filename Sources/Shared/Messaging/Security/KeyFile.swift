import Foundations
import Glibc

/// Files of keys of the bus, read and written whole.
enum KeyFile {
  static let maximumBytes = 4096

  static func read(_ path: String, access: SmallFile.Access) throws(KeyFileError) -> String {
    let bytes: [UInt8]
    do {
      bytes = try SmallFile.contents(of: path, access, maximumBytes: maximumBytes)
    } catch {
      if case .tooLong = error.problem { throw KeyFileError("\(error): it is no key") }
      throw KeyFileError("\(error)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw KeyFileError("\(path) is no text")
    }
    return text
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
