import Foundations
import Glibc
import OpenSSL
import RuntimeBundle
import ServiceKit

/// Makes bundles, where the software is built.
struct RuntimePacking {
  /// What is in the folder of a package and is not a part of the runtime: the launcher is never replaced.
  private static let leftOut: Set<String> = ["xtblish-device-launcher", "version", RuntimeManifest.fileName]

  private let folder: String
  private let files: [RuntimeFile]
  private let architecture: String

  /// - Parameter folder: with the programs and the libraries that they need, as the package has them.
  init(folder: String) throws {
    self.folder = folder
    let names = try Self.names(in: folder).filter { !Self.leftOut.contains($0) }.sorted()
    files = try names.map { try Self.look(at: $0, in: folder) }
    architecture = try Self.architecture(of: "\(folder)/\(RuntimeManifest.agentName)")
  }

  func manifest(
    version: RuntimeVersion, minimumVersion: RuntimeVersion, mayReplaceNewer: Bool
  ) throws(RuntimeBundleError) -> RuntimeManifest {
    try RuntimeManifest(
      version: version, minimumVersion: minimumVersion, mayReplaceNewer: mayReplaceNewer, architecture: architecture,
      files: files)
  }

  /// Writes the bundle; nothing of it stays if that fails.
  func write(_ manifest: RuntimeManifest, to path: String) throws {
    let output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw Self.failure(path) }
    defer { close(output) }
    do {
      try Self.write(manifest.encoded(), to: output, path)
      for file in manifest.files {
        try Self.pieces(of: "\(folder)/\(file.name)") { try Self.write($0, to: output, path) }
      }
      guard fsync(output) == 0 else { throw Self.failure(path) }
    } catch {
      unlink(path)
      throw error
    }
  }

  private static func names(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else { throw failure(folder) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func look(at name: String, in folder: String) throws -> RuntimeFile {
    let path = "\(folder)/\(name)"
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw AdminError("\(path) is not a file: name a folder with the runtime's files alone", status: .data)
    }
    var hash = try SHA256()
    var sizeBytes: UInt64 = 0
    try pieces(of: path) { bytes in
      hash.update(bytes)
      sizeBytes += UInt64(bytes.count)
    }
    return RuntimeFile(
      name: name, sizeBytes: sizeBytes, digest: SHA256Digest(finished: hash.finalize()),
      isExecutable: status.st_mode & S_IXUSR != 0)
  }

  /// The field e_machine of an ELF header, under the names of `uname -m`.
  private static func architecture(of path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let head = readBytes(of: descriptor, count: 20) ?? []
    guard head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
      throw AdminError("\(path) is no program of Linux (ELF)", status: .data)
    }
    let machine: UInt16 = LittleEndian.integer(from: head[18..<20])
    switch machine {
    case 62: return "x86_64"
    case 183: return "aarch64"
    default: throw AdminError("\(path) is for the processor \(machine), which no device has", status: .data)
    }
  }

  private static func pieces(of path: String, _ body: ([UInt8]) throws -> Void) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return }
      try body(Array(buffer[..<count]))
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(path) }
      done += count
    }
  }

  /// Of a call that has just failed.
  private static func failure(_ path: String) -> AdminError {
    AdminError("\(path): \(String(cString: strerror(errno)))", status: .data)
  }
}
