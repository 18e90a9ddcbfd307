import FileAccess
import Foundations

extension FileBlobStore {
  /// Puts all of a file on the disk and gives it its name, on the disk too.
  ///
  /// - Returns: false if there is another of that name.
  func publish(_ temporary: TemporaryFile, as digest: SHA256Digest, lengthBytes: UInt64) throws -> Bool {
    let shard = layout.shard(of: digest)
    try temporary.file.sync()
    try Directory.create(shard)
    guard try temporary.place(at: layout.path(of: digest)) else { return false }
    try noteNamed(temporary, digest, lengthBytes)
    return true
  }

  /// Does the same in place of a damaged file.
  func replace(_ digest: SHA256Digest, with temporary: TemporaryFile, lengthBytes: UInt64) throws {
    try temporary.file.sync()
    try temporary.rename(to: layout.path(of: digest))
    try noteNamed(temporary, digest, lengthBytes)
  }

  private func noteNamed(_ temporary: TemporaryFile, _ digest: SHA256Digest, _ lengthBytes: UInt64) throws {
    // Naming changed the file's status; this is the state that was hashed.
    verified.remember(digest, try temporary.file.status().identity, expectedLengthBytes: lengthBytes)
    try Directory.sync(layout.shard(of: digest))
  }

  /// Takes a file away that was published and not settled; nobody relies on it, as its lock is held.
  func withdraw(_ digest: SHA256Digest, _ temporary: TemporaryFile) throws {
    // Unless it was found damaged meanwhile, and replaced.
    guard let named = try openIfThere(digest), try named.status().identity == temporary.file.status().identity else {
      return
    }
    try Directory.remove(layout.path(of: digest))
    try Directory.sync(layout.shard(of: digest))
  }
}
