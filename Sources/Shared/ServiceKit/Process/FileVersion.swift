import Glibc

/// Tells a file from the one that had its name a while ago.
package struct FileVersion: Hashable, Sendable {
  private let inode: UInt64
  private let sizeBytes: Int64
  private let seconds: Int
  private let nanoseconds: Int
  /// The file's permissions: the lowest nine bits of its mode.
  package let permissions: UInt32

  /// Nil if there is no such file, or this process may not look at it.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    inode = UInt64(status.st_ino)
    sizeBytes = Int64(status.st_size)
    seconds = Int(status.st_mtim.tv_sec)
    nanoseconds = Int(status.st_mtim.tv_nsec)
    permissions = UInt32(status.st_mode & 0o777)
  }

  /// Whether users may use it who neither own it nor are in its group.
  package var isOpenToOthers: Bool { permissions & 0o007 != 0 }
}
