import Glibc
import Synchronization

/// A file that goes away with this object unless it is renamed to its place.
///
/// Its owner holds a lock on it while it is open, so another process that tidies the directory can
/// tell it from one whose owner was killed.
package final class TemporaryFile: Sendable {
  /// What names of such files end in.
  package static let suffix = ".part"

  /// Locked by this process for as long as it is open.
  package let file: OpenFile
  private let isKept = Atomic<Bool>(false)

  /// Makes an empty file in a directory.
  package init(in directory: String) throws(FileError) {
    while true {
      let name = "\(UInt64.random(in: 0...UInt64.max))-\(getpid())\(Self.suffix)"
      let file = try OpenFile("\(directory)/\(name)", O_RDWR | O_CREAT | O_EXCL, mode: 0o644)
      _ = try file.lock(waiting: true)
      // Between opening and locking, another process may have taken it for a leftover.
      if try file.status().linkCount > 0 {
        self.file = file
        return
      }
    }
  }

  deinit {
    if !isKept.load(ordering: .relaxed) { unlink(file.path) }
  }

  /// Puts the file in another's place, or where none was; it then stays.
  package func rename(to path: String) throws(FileError) {
    try Directory.rename(file.path, to: path)
    isKept.store(true, ordering: .relaxed)
  }

  /// Gives the file its place, unless there is something. Its lock stays with it for as long as it is open.
  ///
  /// - Returns: whether it is there now.
  package func place(at path: String) throws(FileError) -> Bool {
    guard try link(to: path) else { return false }
    isKept.store(true, ordering: .relaxed)
    // A leftover of this name goes when the store is opened next.
    unlink(file.path)
    return true
  }

  /// Gives the file a second name, unless there is one already.
  ///
  /// - Returns: whether it has that name now.
  package func link(to path: String) throws(FileError) -> Bool {
    if Glibc.link(file.path, path) == 0 { return true }
    guard errno == EEXIST else { throw .last("link", path) }
    return false
  }

  /// Removes what killed processes left in a directory, and nothing that a living one writes.
  /// - Returns: how many files were removed.
  package static func removeLeftovers(in directory: String) throws(FileError) -> Int {
    var removed = 0
    for name in try Directory.names(in: directory) ?? [] where name.hasSuffix(suffix) {
      let path = "\(directory)/\(name)"
      let file: OpenFile
      do throws(FileError) {
        file = try OpenFile(path, O_RDWR)
      } catch  where error.isNotFound {
        continue
      }
      guard try file.lock(waiting: false) else { continue }
      if unlink(path) == 0 { removed += 1 }
    }
    return removed
  }
}
