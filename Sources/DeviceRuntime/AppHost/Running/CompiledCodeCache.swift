import AppLink
import Foundations
import Glibc
import Sodium

/// Machine code kept in a file beside the slot. Loading it runs it, so it is taken only if this program's user wrote it
/// and nobody else could, it is whole, and it was compiled from the same module by the same engine. The file is a
/// cache: it may vanish or be torn at any time.
struct CompiledCodeCache {
  /// Layout: magic, key, digest of the code, the code. Changes with the layout.
  private static let magic = Array("XTBCODE2".utf8)
  private static let headBytes = 8 + 2 * BLAKE2b.byteCount

  let path: String
  /// Digest of what the code depends on: the engine, its settings, the module. No two modules have the same one, so that
  /// nobody can have the code of another app taken for that of a module made to fit.
  private let key: [UInt8]

  /// - Parameters:
  ///   - enginePath: the library; its size and time of change stand for its content, which takes too long to hash.
  ///   - settings: any text that differs when the engine's settings do.
  init(path: String, enginePath: String, engineVersion: String, settings: String, wasm: [UInt8]) throws {
    var library = stat()
    guard stat(enginePath, &library) == 0 else {
      throw AppLaunchError("\(enginePath): \(String(cString: strerror(errno)))")
    }
    let parts = [
      engineVersion, "\(library.st_size)", "\(library.st_mtim.tv_sec).\(library.st_mtim.tv_nsec)", settings,
    ]
    self.path = path
    key = BLAKE2b.digest(of: BLAKE2b.digest(of: wasm) + Array(parts.joined(separator: "\n").utf8))
  }

  /// The code, or nil if there is none that can be trusted and fits.
  func load() -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0, let content = readBytes(of: descriptor, count: Int(status.st_size)),
      content.count > Self.headBytes, content.starts(with: Self.magic), content[8..<40].elementsEqual(key)
    else { return nil }
    let code = Array(content[Self.headBytes...])
    guard BLAKE2b.digest(of: code).elementsEqual(content[40..<72]) else { return nil }
    return code
  }

  /// Makes the file anew, empty, for code that is yet to come: whoever compiles it may have no right to make files then.
  func makeFile() throws -> CompiledCodeFile {
    guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure("open", path) }
    return CompiledCodeFile(descriptor: descriptor, path: path, head: Self.magic + key)
  }

  private func failure(_ call: String, _ path: String) -> AppLaunchError {
    AppLaunchError("\(call) \(path): \(String(cString: strerror(errno)))")
  }
}

/// Where new code goes. Closed with the last reference.
final class CompiledCodeFile {
  private let descriptor: Int32
  private let path: String
  private let head: [UInt8]

  init(descriptor: Int32, path: String, head: [UInt8]) {
    self.descriptor = descriptor
    self.path = path
    self.head = head
  }

  deinit { close(descriptor) }

  /// Nothing is synchronised: a torn file is not loaded.
  func store(_ code: [UInt8]) throws {
    let content = head + BLAKE2b.digest(of: code) + code
    var offset = 0
    while offset < content.count {
      let count = content.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, content.count - offset) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw AppLaunchError("write \(path): \(String(cString: strerror(errno)))") }
      offset += count
    }
  }
}
