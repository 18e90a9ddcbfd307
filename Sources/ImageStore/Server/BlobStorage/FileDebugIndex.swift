import FileAccess
package import Foundations
package import WebAssemblyModule

/// An index as files beside a store's blobs, which several processes may share.
///
/// `debug/ab/abcd…` is named by a build ID in hexadecimal and holds the digest of its module. It appears whole: it is
/// written and flushed under another name, then given its own unless that is taken.
package struct FileDebugIndex: DebugIndex {
  private let store: FileBlobStore

  package init(store: FileBlobStore) {
    self.store = store
  }

  /// Reads the build's file.
  ///
  /// - Throws: ``BlobStoreError`` if the file is damaged.
  package func digest(of buildID: BuildID) async throws -> SHA256Digest? {
    let path = path(of: buildID)
    return try await store.blocking { try Self.read(path) }
  }

  /// Links a whole and synced file to the build's name, so that of several writers the first one wins.
  package func enter(_ digest: SHA256Digest, for buildID: BuildID) async throws -> SHA256Digest {
    let (path, uploads) = (path(of: buildID), store.layout.uploads)
    return try await store.blocking {
      let folder = Directory.parent(of: path)
      try Directory.create(folder)
      let temporary = try TemporaryFile(in: uploads)
      let text = Array(digest.description.utf8)
      try text.withUnsafeBytes { try temporary.file.write($0, at: 0) }
      try temporary.file.sync()
      let entered = try temporary.link(to: path) ? digest : try Self.read(path) ?? digest
      // Also if it was there already: whoever gave it its name may not have come this far yet.
      try Directory.sync(folder)
      return entered
    }
  }

  private func path(of buildID: BuildID) -> String {
    "\(store.layout.debug)/\(Hexadecimal.encode(buildID.bytes.prefix(1)))/\(buildID)"
  }

  /// The digest that a build's file holds; nil if there is no such file.
  private static func read(_ path: String) throws -> SHA256Digest? {
    guard let file = try FileBlobStore.openIfThere(path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    guard let digest = SHA256Digest(String(decoding: bytes[..<count], as: UTF8.self)) else {
      throw BlobStoreError.failed("\(path) is damaged: remove it, and push the debug module again")
    }
    return digest
  }
}
