import FileAccess
import Foundations
import NIOCore
import NIOPosix

/// An open, verified file. It can be read to its end even if its name is taken away meanwhile.
struct FileBlob: Blob {
  let digest: SHA256Digest
  /// What was verified.
  let identity: OpenFile.Identity
  let file: OpenFile
  let threads: NIOThreadPool

  var lengthBytes: UInt64 { identity.sizeBytes }

  func read(
    at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer
  ) async throws -> ByteBuffer {
    // What is in memory costs less to read here than to have read elsewhere.
    if let cached = readCached(at: offset, count: count, after: prefix, into: buffer) { return cached }
    do {
      return try await threads.runIfActive { [file] in
        try buffer.refill { buffer in
          buffer.reserveCapacity(prefix.count + count)
          buffer.writeBytes(prefix)
          try file.read(at: offset, count: count, appendingTo: &buffer)
        }
      }
    } catch {
      throw FileBlobStore.translate(error)
    }
  }

  /// The same, or nil if some of it would have to come from the disk.
  private func readCached(
    at offset: UInt64, count: Int, after prefix: [UInt8], into buffer: ReusedBuffer
  ) -> ByteBuffer? {
    let result = buffer.refill { buffer in
      buffer.reserveCapacity(prefix.count + count)
      buffer.writeBytes(prefix)
      buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
        file.readCached(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(count)))
      }
    }
    return result.readableBytes == prefix.count + count ? result : nil
  }

  func digest(prefixedBy prefix: [UInt8]) async throws -> SHA256Digest {
    do {
      return try await threads.runIfActive { [file] in try file.digest(prefixedBy: prefix) }
    } catch {
      throw FileBlobStore.translate(error)
    }
  }

  func confirmUnchanged() async throws {
    do {
      // Not the time of the last status change: another link to a good file changes that too.
      let now = try file.status().identity
      guard now.sizeBytes == identity.sizeBytes, now.modifiedNanoseconds == identity.modifiedNanoseconds else {
        throw BlobStoreError.failed("\(file.path) was changed while it was read")
      }
    } catch {
      throw FileBlobStore.translate(error)
    }
  }
}
