import FileAccess
import Glibc
import ServiceLifecycle

extension FileBlobStore: Service {
  /// Closes files that nobody reads any more. The store can be used on after it, until `close`.
  package func run() async throws {
    await cancelWhenGracefulShutdown { [opened] in
      // Cancelled or told to end, both are the end.
      while (try? await Task.sleep(for: .seconds(10))) != nil { opened.closeUnused() }
    }
  }

  /// Throws if nothing can be added now.
  package func checkWritable() async throws {
    try await blocking { [layout] in
      // A full disk still takes an empty file.
      let probe = [UInt8](repeating: 0, count: 4096)
      let temporary = try TemporaryFile(in: layout.uploads)
      try probe.withUnsafeBytes { try temporary.file.write($0, at: 0) }
    }
  }

  /// What the file system has left for this user, in bytes.
  package func freeBytes() async throws -> UInt64 {
    try await blocking { [layout] in
      var status = statvfs()
      guard statvfs(layout.images, &status) == 0 else { throw FileError.last("statvfs", layout.images) }
      return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
  }
}
