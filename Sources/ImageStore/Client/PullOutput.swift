import FileAccess
import Foundation
import Glibc
import ServiceKit

/// Where a pulled image goes: a file, which it replaces in one step when it is whole, or something that only takes bytes,
/// such as a pipe or a device, which is never replaced.
struct PullOutput {
  /// What came so far.
  struct Partial {
    let path: String
    let file: OpenFile
    /// Whether it stays after a failure, so that another run goes on with it.
    let isKept: Bool

    func remove() { unlink(path) }
  }

  private let path: String
  private let isReplaced: Bool

  /// - Throws: `AdminError` for a directory, and for a symbolic link that leads nowhere.
  init(_ output: String) throws {
    var status = stat()
    guard stat(output, &status) == 0 else {
      let reason = errno
      guard reason == ENOENT else { throw Self.problem(output, reason) }
      guard lstat(output, &status) != 0 else {
        throw AdminError(
          "\(output) is a symbolic link that leads nowhere; remove it, or name another file", status: .data)
      }
      (path, isReplaced) = (output, true)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: throw AdminError("\(output) is a folder; name the file in it", status: .data)
    case S_IFREG:
      // Behind a symbolic link the file it leads to is replaced, and the link stays.
      guard let real = realpath(output, nil) else { throw Self.problem(output, errno) }
      defer { free(real) }
      (path, isReplaced) = (String(cString: real), true)
    default: (path, isReplaced) = (output, false)
    }
  }

  /// A file for what comes. Of several pulls of the same at once one goes on with what there is, the others begin anew.
  ///
  /// - Parameter tag: of the content.
  func partial(tag: String) throws -> Partial {
    guard isReplaced else {
      // Never beside a device: its folder is not for files.
      return try anew(in: FileManager.default.temporaryDirectory.path + "/xtblish-pull", tag)
    }
    let shared = "\(path).\(tag).part"
    let file = try ImageStoreClient.telling { () throws(FileError) in try OpenFile(shared, O_RDWR | O_CREAT) }
    let isOurs = try ImageStoreClient.telling { () throws(FileError) in
      // One that another pull has put in its place meanwhile is no longer partial.
      guard try file.lock(waiting: false) else { return false }
      let inode = try file.status().identity.inode
      var now = stat()
      return stat(shared, &now) == 0 && UInt64(now.st_ino) == inode
    }
    return isOurs ? Partial(path: shared, file: file, isKept: true) : try anew(in: path, tag)
  }

  private func anew(in prefix: String, _ tag: String) throws -> Partial {
    let unique = "\(prefix).\(tag).\(UUID().uuidString.lowercased()).part"
    let file = try ImageStoreClient.telling { () throws(FileError) in
      try OpenFile(unique, O_RDWR | O_CREAT | O_EXCL, mode: isReplaced ? 0o644 : 0o600)
    }
    return Partial(path: unique, file: file, isKept: false)
  }

  /// Puts what is whole and verified where it belongs.
  func publish(_ partial: Partial) throws {
    guard isReplaced else {
      defer { partial.remove() }
      return try copy(partial)
    }
    try ImageStoreClient.telling { () throws(FileError) in
      try partial.file.sync()
      try Directory.rename(partial.path, to: path)
      try Directory.sync(Directory.parent(of: path))
    }
  }

  private func copy(_ partial: Partial) throws {
    let output = open(path, O_WRONLY | O_CLOEXEC)
    guard output >= 0 else { throw Self.problem(path, errno) }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    var offset: UInt64 = 0
    while true {
      let count = try buffer.withUnsafeMutableBytes { try partial.file.read(at: offset, into: $0) }
      if count == 0 { return }
      var written = 0
      while written < count {
        let result = buffer[written..<count].withUnsafeBytes { write(output, $0.baseAddress!, $0.count) }
        if result < 0, errno == EINTR { continue }
        guard result > 0 else { throw Self.problem(path, result < 0 ? errno : EIO) }
        written += result
      }
      offset += UInt64(count)
    }
  }

  private static func problem(_ path: String, _ number: Int32) -> AdminError {
    AdminError("\(path) can't be written: \(String(cString: strerror(number))); check the path", status: .data)
  }
}
