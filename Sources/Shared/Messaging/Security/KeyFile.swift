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

  /// As `SmallFile.create`, `replace` and `remake` do it.
  static func write(
    _ text: String, _ body: (_ bytes: [UInt8]) throws(SmallFileError) -> Void
  ) throws(KeyFileError) {
    do throws(SmallFileError) { try body(Array(text.utf8)) } catch { throw KeyFileError("\(error)") }
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
