import CLinux
package import Glibc

/// An open file. All calls block, so they are made on threads that may wait.
///
/// The descriptor never changes and positions are always given, so threads may share it.
package final class OpenFile: Sendable {
  /// Tells one state of a file from any other: writing to the file or replacing it changes this. All is from
  /// fstat(2): `device` and `inode` say which file it is, `sizeBytes` its length, `modifiedNanoseconds` when its
  /// content was last changed, since 1970.
  package struct Identity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var sizeBytes: UInt64
    package var modifiedNanoseconds: Int64
    /// When the file or what is known of it was last changed, since 1970. Unlike the modification time, nobody can
    /// set it back.
    package var changedNanoseconds: Int64
  }

  /// What is known of a file beside its content.
  package struct Status: Sendable {
    /// Which file it is, in which state.
    package var identity: Identity
    /// How many names it has; 0 once it was removed.
    package var linkCount: UInt64
    /// When its content was last changed.
    package var modified: timespec
  }

  /// The path by which it was opened; the file may have got another name since.
  package let path: String
  /// Open as long as this object lives; the caller must not close it.
  package let descriptor: CInt

  /// - Parameters:
  ///   - flags: of open(2); `O_CLOEXEC` is always added.
  ///   - mode: of a file that is made.
  package init(_ path: String, _ flags: CInt, mode: mode_t = 0o644) throws(FileError) {
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

  /// What the file system says of the file now.
  package func status() throws(FileError) -> Status {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    return Status(
      identity: Identity(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino), sizeBytes: UInt64(status.st_size),
        modifiedNanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
        changedNanoseconds: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)),
      linkCount: UInt64(status.st_nlink), modified: status.st_mtim)
  }

  /// Whether it is a regular file, which has a length and an end.
  package func isRegular() throws(FileError) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// Reads up to `count` bytes from `offset`; fewer only at the end of the file.
  package func read(at offset: UInt64, into space: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
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
  package func readCached(at offset: UInt64, into space: UnsafeMutableRawBufferPointer) -> Int {
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

  /// Writes all of the bytes at `offset`.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let result = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      if result >= 0 { done += result } else if errno != EINTR { throw .last("write", path) }
    }
  }

  /// Takes all of the content away.
  package func truncate() throws(FileError) {
    guard ftruncate(descriptor, 0) == 0 else { throw .last("ftruncate", path) }
  }

  /// Makes the kernel begin to write a range to the disk, without waiting for it. If that fails, `sync` throws, which
  /// does wait.
  package func startWriting(_ range: Range<UInt64>) {
    _ = linux_start_writing(descriptor, Int(range.lowerBound), Int(range.upperBound - range.lowerBound))
  }

  /// Waits until the content, and for a directory its entries, would outlive a power failure.
  package func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
  }

  /// Takes a shared lock that ends with the file: others may hold shared ones too, but nobody an exclusive one.
  /// - Returns: false if somebody has an exclusive one.
  package func lockShared() throws(FileError) -> Bool {
    while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw .last("flock", path) }
    }
    return true
  }

  /// Takes an exclusive lock that ends with the file, also when the process is killed.
  /// - Returns: false if another holds it and `waiting` is false.
  package func lock(waiting: Bool) throws(FileError) -> Bool {
    while flock(descriptor, LOCK_EX | (waiting ? 0 : LOCK_NB)) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw .last("flock", path) }
    }
    return true
  }
}
