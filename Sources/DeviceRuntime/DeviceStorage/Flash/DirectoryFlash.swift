import Glibc

/// A flash that is a directory of a file system that keeps POSIX's promises for rename and fsync.
package struct DirectoryFlash: Flash {
  /// The directory's path.
  package let directory: String

  /// - Parameter directory: made if it isn't there, for its owner alone.
  package init(directory: String) throws(FlashError) {
    self.directory = directory
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw .system("make directory \(directory)", errno) }
    var status = stat()
    guard stat(directory, &status) == 0 else { throw .system("look at \(directory)", errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FlashError(.failed, "\(directory) is not a directory; choose another --directory")
    }
  }

  /// The file's path; nil for a name that is none of the agent's.
  package func path(of name: String) -> String? { isFlashName(name) ? "\(directory)/\(name)" : nil }

  /// Lists regular files with names of the agent's; whatever else lies in the directory is left alone.
  package func list() throws(FlashError) -> [String] {
    guard let stream = opendir(directory) else { throw .system("list \(directory)", errno) }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if entry.pointee.d_type == UInt8(DT_REG), isFlashName(name) { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw .system("list \(directory)", errno) }
    return names.sorted()
  }

  /// Asks the file system for the file's length.
  package func size(of name: String) throws(FlashError) -> UInt64? {
    let path = try checkedPath(name)
    var status = stat()
    if stat(path, &status) == 0 { return UInt64(status.st_size) }
    if errno == ENOENT { return nil }
    throw .system("look at \(path)", errno)
  }

  /// Reads with `pread` until all is there or the file ends.
  package func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try withFile(name, O_RDONLY) { descriptor, path throws(FlashError) in
      var bytes = [UInt8](repeating: 0, count: count)
      var done = 0
      while done < count {
        let got = bytes.withUnsafeMutableBytes { buffer in
          pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + off_t(done))
        }
        if got < 0 {
          if errno == EINTR { continue }
          throw .system("read \(path)", errno)
        }
        if got == 0 { break }
        done += got
      }
      bytes.removeLast(count - done)
      return bytes
    }
  }

  /// Writes with `pwrite`; a file that is made here is its owner's alone (mode 0600).
  package func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    try withFile(name, O_WRONLY | O_CREAT) { descriptor, path throws(FlashError) in
      var done = 0
      while done < bytes.byteCount {
        let count = bytes.withUnsafeBytes { buffer in
          pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
        }
        if count < 0 {
          if errno == EINTR { continue }
          throw .system("write \(path)", errno)
        }
        done += count
      }
    }
  }

  /// Sets the length with `ftruncate`.
  package func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try withFile(name, O_WRONLY) { descriptor, path throws(FlashError) in
      guard ftruncate(descriptor, off_t(sizeBytes)) == 0 else { throw .system("resize \(path)", errno) }
    }
  }

  /// Syncs content and length, not the file's times.
  package func sync(_ name: String) throws(FlashError) {
    try withFile(name, O_WRONLY) { descriptor, path throws(FlashError) in
      // The times of a file may be lost; its length may not, and fdatasync keeps that.
      guard fdatasync(descriptor) == 0 else { throw .system("sync \(path)", errno) }
    }
  }

  /// Renames within the directory, at once, as POSIX promises.
  package func rename(_ old: String, to new: String) throws(FlashError) {
    let (from, to) = (try checkedPath(old), try checkedPath(new))
    guard Glibc.rename(from, to) == 0 else { throw .system("rename \(from) to \(to)", errno) }
  }

  /// Unlinks the file.
  package func remove(_ name: String) throws(FlashError) {
    let path = try checkedPath(name)
    if unlink(path) != 0, errno != ENOENT { throw .system("remove \(path)", errno) }
  }

  /// Syncs the directory itself.
  package func syncNames() throws(FlashError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(directory)", errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("sync \(directory)", errno) }
  }

  /// What the file system has left for users that are not root.
  package func availableBytes() throws(FlashError) -> UInt64 {
    let status = try fileSystem()
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// The size of the whole file system.
  package func capacityBytes() throws(FlashError) -> UInt64 {
    let status = try fileSystem()
    return UInt64(status.f_blocks) * UInt64(status.f_frsize)
  }

  private func fileSystem() throws(FlashError) -> statvfs {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { throw .system("look at the file system of \(directory)", errno) }
    return status
  }

  private func checkedPath(_ name: String) throws(FlashError) -> String {
    guard let path = path(of: name) else { throw FlashError(.invalidName, "\(name.debugDescription) is no file name") }
    return path
  }

  private func withFile<R>(
    _ name: String, _ flags: Int32, _ body: (Int32, String) throws(FlashError) -> R
  ) throws(FlashError) -> R {
    let path = try checkedPath(name)
    let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system("open \(path)", errno) }
    defer { close(descriptor) }
    return try body(descriptor, path)
  }
}

extension FlashError {
  fileprivate static func system(_ operation: String, _ code: Int32) -> FlashError {
    let kind: Kind =
      switch code {
      case ENOENT: .missing
      case ENOSPC, EDQUOT: .noSpace
      default: .failed
      }
    return FlashError(kind, "can't \(operation): \(String(cString: strerror(code)))")
  }
}
