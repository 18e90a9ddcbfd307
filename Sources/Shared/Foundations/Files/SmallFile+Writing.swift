#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Files of keys, certificates and lists are written in these three ways, and in no other.
extension SmallFile {
  /// Makes a file that must not be there yet. Content and name are on the disk when this returns.
  ///
  /// - Throws: `SmallFileError`, with `exists` if there is something at the path. Nothing remains of what can't be
  ///   written.
  package static func create(
    _ path: String, _ bytes: [UInt8], for readers: NewFile.Readers
  ) throws(SmallFileError) {
    let file = try NewFile(path, for: readers)
    try file.write(bytes)
    do throws(SmallFileError) {
      try synchronizeFolder(of: path)
    } catch {
      file.discard()
      throw error
    }
  }

  /// Puts a file in the place of the one that is there, if any: whoever reads it sees all of the old one or all of the new
  /// one, also after a power failure.
  package static func replace(
    _ path: String, _ bytes: [UInt8], for readers: NewFile.Readers
  ) throws(SmallFileError) {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).new"
    do throws(SmallFileError) {
      try NewFile(temporary, for: readers).write(bytes)
    } catch {
      throw SmallFileError(path, error.problem)
    }
    guard rename(temporary, path) == 0 else {
      let error = SmallFileError.last("rename", path)
      unlink(temporary)
      throw error
    }
    try synchronizeFolder(of: path)
  }

  /// Makes a file anew that is made at each start: it need not outlive a power failure, and a disk that fails now and then
  /// keeps nobody from starting.
  package static func remake(
    _ path: String, _ bytes: [UInt8], for readers: NewFile.Readers
  ) throws(SmallFileError) {
    // What is there may be one that others may read, or have open.
    unlink(path)
    try NewFile(path, for: readers, flags: O_TRUNC).write(bytes, isDurable: false)
  }

  /// Makes the names in a file's folder outlive a power failure, where the file system can be told to: some of networks
  /// can't, and say so with EINVAL. They keep names in their own way.
  package static func synchronizeFolder(of path: String) throws(SmallFileError) {
    let slash = path.lastIndex(of: "/")
    let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .last("open", parent) }
    defer { close(folder) }
    guard fsync(folder) == 0 || errno == EINVAL else { throw .last("fsync", parent) }
  }
}
