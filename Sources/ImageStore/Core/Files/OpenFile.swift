internal import CLinux
import Glibc
import NIOCore

/// An open file. All calls block: only the store's own threads make them.
///
/// The descriptor never changes and positions are always given, so threads may share it.
final class OpenFile: Sendable {
  /// What tells one state of a file from any other: writing to it or replacing it changes this.
  struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var sizeBytes: UInt64
    var modifiedNanoseconds: Int64
    /// Unlike the modification time, nobody can set it back.
    var changedNanoseconds: Int64
  }

  struct Status: Sendable {
    var identity: Identity
    var linkCount: UInt64
    var modified: timespec
  }

  let path: String
  /// Open as long as this object lives.
  let descriptor: CInt

  init(_ path: String, _ flags: CInt, mode: mode_t = 0o644) throws(FileError) {
    while true {
      let descriptor = open(path, flags | O_CLOEXEC, mode)
      if descriptor >= 0 {
        self.descriptor = descriptor
        self.path = path
        return
      }
      if errno != EINTR { throw .last("open", path) }
    }
  }

  deinit {
    close(descriptor)
  }

  func status() throws(FileError) -> Status {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    return Status(
      identity: Identity(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino), sizeBytes: UInt64(status.st_size),
        modifiedNanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
        changedNanoseconds: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)),
      linkCount: UInt64(status.st_nlink), modified: status.st_mtim)
  }

  /// Whether it is a file of a file system, with a length and an end.
  func isRegular() throws(FileError) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// Reads up to `count` bytes from `offset`; fewer only at the end of the file.
  func read(at offset: UInt64, into space: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < space.count {
      let result = pread(descriptor, space.baseAddress! + done, space.count - done, off_t(offset) + off_t(done))
      if result == 0 { break }
      if result > 0 { done += result } else if errno != EINTR { throw .last("read", path) }
    }
    return done
  }

  /// Reads as `read` does, but only what is in memory: it never waits for the disk.
  /// - Returns: how many bytes it could read.
  func readCached(at offset: UInt64, into space: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    while done < space.count {
      let result = linux_read_cached(
        descriptor, space.baseAddress! + done, UInt(space.count - done), Int(offset) + done)
      // Whatever else is wrong, `read` will find it too.
      guard result > 0 else { break }
      done += result
    }
    return done
  }

  /// Reads up to `count` bytes from `offset` to the end of a buffer.
  func read(at offset: UInt64, count: Int, appendingTo buffer: inout ByteBuffer) throws {
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(count)))
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let result = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      if result >= 0 { done += result } else if errno != EINTR { throw .last("write", path) }
    }
  }

  /// Takes all of the content away.
  func truncate() throws(FileError) {
    guard ftruncate(descriptor, 0) == 0 else { throw .last("ftruncate", path) }
  }

  /// Lets the disk begin with what was written to a range. What fails of it fails `sync`, which waits for it.
  func startWriting(_ range: Range<UInt64>) {
    _ = linux_start_writing(descriptor, Int(range.lowerBound), Int(range.upperBound - range.lowerBound))
  }

  /// After it the content, and for a directory its entries, outlive a power failure.
  func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
  }

  /// Takes, for as long as the file is open, a lock beside which others may have theirs, but nobody an exclusive one.
  /// - Returns: false if somebody has an exclusive one.
  func lockShared() throws(FileError) -> Bool {
    while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw .last("flock", path) }
    }
    return true
  }

  /// Takes an exclusive lock that ends with the file, also when the process is killed.
  /// - Returns: false if another holds it and `waiting` is false.
  func lock(waiting: Bool) throws(FileError) -> Bool {
    while flock(descriptor, LOCK_EX | (waiting ? 0 : LOCK_NB)) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw .last("flock", path) }
    }
    return true
  }
}
