import Glibc

/// The size of a file system, `sizeBytes`, and how much of it is free for the user that the process runs as,
/// `freeBytes`.
package struct DiskSpace: Sendable, Equatable {
  package let freeBytes: Int
  package let sizeBytes: Int

  package init(freeBytes: Int, sizeBytes: Int) {
    self.freeBytes = freeBytes
    self.sizeBytes = sizeBytes
  }

  /// Looks at the file system that holds a folder or file; nil if that can't be looked at.
  package init?(of path: String) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let blockBytes = UInt64(status.f_frsize)
    freeBytes = Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: blockBytes).partialValue)
    sizeBytes = Int(clamping: UInt64(status.f_blocks).multipliedReportingOverflow(by: blockBytes).partialValue)
  }

  /// With less than this free, the file system counts as full: what the setting says, and never more than a twentieth
  /// of the size, so that a small disk is not full from the start.
  package func floor(_ minimumBytes: Int) -> Int { min(minimumBytes, sizeBytes / 20) }
}
