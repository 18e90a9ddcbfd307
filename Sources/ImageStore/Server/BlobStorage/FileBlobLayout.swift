import FileAccess
import Foundations

/// Where a store's files are.
struct FileBlobLayout: Sendable {
  let images: String
  let uploads: String
  /// Which image is the unstripped module of a build.
  let debug: String

  init(directory: String) {
    images = "\(directory)/images"
    uploads = "\(directory)/uploads"
    debug = "\(directory)/debug"
  }

  /// 256 directories keep each one small enough for any file system to list.
  func shard(_ first: UInt8) -> String {
    "\(images)/\(Hexadecimal.encode([first]))"
  }

  func shard(of digest: SHA256Digest) -> String {
    shard(digest.bytes[0])
  }

  func path(of digest: SHA256Digest) -> String {
    "\(shard(of: digest))/\(digest.hex)"
  }

  /// The digests in one directory, unsorted. Files with other names are not the store's.
  func digests(inShard first: UInt8) throws(FileError) -> [SHA256Digest] {
    (try Directory.names(in: shard(first)) ?? []).compactMap { name in
      guard let digest = SHA256Digest(name), digest.hex == name, digest.bytes[0] == first else { return nil }
      return digest
    }
  }
}
