internal import AppLink
internal import Foundations
internal import Glibc
internal import OpenSSL

/// Machine code kept in a file beside the slot. Loading it runs it, so it is taken only if this program's user wrote it
/// and nobody else could, it is whole, and it was compiled from the same module by the same engine. The file is a
/// cache: it may vanish or be torn at any time.
struct CompiledCodeCache {
  /// Layout: magic, key, SHA-256 of the code, the code. Changes with the layout.
  private static let magic = Array("XTBCODE1".utf8)
  private static let headBytes = 8 + 32 + 32

  let path: String
  /// SHA-256 of what the code depends on: the engine, its settings, the module.
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
    var hash = try SHA256()
    hash.update(Array(parts.joined(separator: "\n").utf8))
    hash.update([0])
    hash.update(wasm)
    self.path = path
    key = hash.finalize()
  }

  /// The code, or nil if there is none that can be trusted and fits.
  func load() throws -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0, let content = readBytes(of: descriptor, count: Int(status.st_size)),
      content.count > Self.headBytes, content.starts(with: Self.magic), content[8..<40].elementsEqual(key)
    else { return nil }
    let code = Array(content[Self.headBytes...])
    guard try SHA256.digest(of: code).elementsEqual(content[40..<72]) else { return nil }
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
    let content = try head + SHA256.digest(of: code) + code
    var offset = 0
    while offset < content.count {
      let count = content.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, content.count - offset) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw AppLaunchError("write \(path): \(String(cString: strerror(errno)))") }
      offset += count
    }
  }
}
