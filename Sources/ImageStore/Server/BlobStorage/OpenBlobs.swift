import FileAccess
import Foundations
import Synchronization

/// The verified files that were read last, kept open: what many devices fetch at once is then served without a look at
/// the directory.
///
/// A file that was removed, replaced or changed since is not found here.
final class OpenBlobs: Sendable {
  private static let capacity = 32

  private struct Entry {
    let blob: FileBlob
    var isUsed = true
  }

  private let entries = Mutex<[SHA256Digest: Entry]>([:])

  func find(_ digest: SHA256Digest) -> FileBlob? {
    guard let blob = entries.withLock({ $0[digest]?.blob }) else { return nil }
    // From the inode in memory: it does not wait for the disk.
    let status = try? blob.file.status()
    let isCurrent = status.map { $0.linkCount > 0 && $0.identity == blob.identity } ?? false
    entries.withLock { entries in
      // Another caller may have replaced it.
      guard entries[digest]?.blob.file === blob.file else { return }
      if isCurrent { entries[digest]?.isUsed = true } else { entries[digest] = nil }
    }
    return isCurrent ? blob : nil
  }

  func keep(_ blob: FileBlob) {
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries = entries.filter(\.value.isUsed) }
      if entries.count >= Self.capacity { entries = [:] }
      entries[blob.digest] = Entry(blob: blob)
    }
  }

  /// Closes what was not used since the last call, so that files that were removed give back their space.
  func closeUnused() {
    entries.withLock { entries in
      entries = entries.filter(\.value.isUsed).mapValues { Entry(blob: $0.blob, isUsed: false) }
    }
  }
}
