import Foundations
import Glibc
import WebAssemblyModule

/// The file that is being worked on, as it is at one moment.
struct DevModule {
  var bytes: [UInt8]
  /// Which frames of a trap are found in the sources by.
  var debug: DebugFile

  /// Why it can't be run, for people.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  init(path: String, limits: AppCheck.Limits) throws(Problem) {
    guard let bytes = Self.read(path) else {
      throw Problem(description: "can't read \(path): \(String(cString: strerror(errno)))")
    }
    guard bytes.starts(with: Array("\0asm".utf8)) else {
      let isText = bytes.first.map { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ";") } ?? false
      throw Problem(
        description: isText
          ? "\(path) is WebAssembly text: make a .wasm of it with wat2wasm"
          : "\(path) is no WebAssembly module: it does not begin with \\0asm")
    }
    let interface: WebAssemblyInterface
    do throws(WebAssemblyError) {
      var checker = WebAssemblyChecker()
      try checker.update(bytes)
      interface = try checker.finish()
    } catch {
      throw Problem(description: "\(path) can't be run: \(error)")
    }
    if let problem = AppCheck.problem(in: interface, limits: limits) {
      throw Problem(description: "\(path) can't be run: \(problem)")
    }
    self.bytes = bytes
    debug = DebugFile(beside: path, Self.read(DebugFile.path(beside: path)), or: bytes, interface)
  }

  private static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFREG else {
      errno = EINVAL
      return nil
    }
    return readBytes(of: descriptor, count: Int(status.st_size))
  }
}
