import Foundations
import Glibc

/// Reads and writes the files of an authority.
enum AuthorityFile {
  /// The largest file of certificates or keys that is read; one has a few kilobytes.
  private static let usualMaximum = 1 << 20

  /// - Parameters:
  ///   - isSecret: whether others than its owner must not be able to use it. Root works on the folder of the user that
  ///     the service runs as, too.
  ///   - maximumByteCount: a larger one is not read.
  static func read(
    _ path: String, isSecret: Bool = false, maximumByteCount: Int = usualMaximum
  ) throws(AuthorityError) -> [UInt8] {
    do {
      return try SmallFile.contents(
        of: path, isSecret ? .secretAlsoForRoot : .anybody, maximumBytes: maximumByteCount)
    } catch {
      switch error.problem {
      case .failed(_, let code): throw AuthorityError("\(path) can't be read: \(String(cString: strerror(code)))")
      case .notAFile: throw AuthorityError("\(path) is no file")
      case .tooLong: throw AuthorityError("\(path) is too large to be what it should be")
      case .openToOthers, .ofAnotherUser, .worldWritable, .exists: throw AuthorityError("\(error)")
      }
    }
  }

  /// A passphrase or PIN: the file's first line.
  static func readPassphrase(_ path: String) throws(AuthorityError) -> [UInt8] {
    let line = Array(try read(path, isSecret: true).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
    guard (1...1_024).contains(line.count) else {
      throw AuthorityError("\(path) must hold a passphrase of up to 1024 bytes in its first line")
    }
    return line
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Writes a file anew, or not at all.
  ///
  /// - Parameter isSecret: makes it readable for its owner alone, from the first moment.
  static func write(_ bytes: [UInt8], to path: String, isSecret: Bool = false) throws(AuthorityError) {
    do throws(SmallFileError) { try SmallFile.replace(path, bytes, for: isSecret ? .owner : .everybody) } catch {
      throw AuthorityError("\(error)")
    }
  }

  static func write(_ text: String, to path: String) throws(AuthorityError) {
    try write(Array(text.utf8), to: path)
  }

  /// Makes a folder and those above it. One that is there already is fine.
  static func makeFolder(_ path: String, mode: mode_t) throws(AuthorityError) {
    if mkdir(path, mode) == 0 { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]), mode: 0o755)
      if mkdir(path, mode) == 0 { return }
    }
    guard errno == EEXIST else { throw failure("can't be made", path) }
  }

  /// Runs `body` while no other process changes this folder.
  static func locking<T>(
    _ folder: String, _ body: () throws(AuthorityError) -> T
  ) throws(AuthorityError) -> T {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("can't be opened", folder) }
    // The lock ends with the descriptor, also when the process is killed.
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX) == 0 else { throw failure("can't be locked", folder) }
    return try body()
  }

  private static func failure(_ what: String, _ path: String) -> AuthorityError {
    AuthorityError("\(path) \(what): \(String(cString: strerror(errno)))")
  }
}
