import FirmwareImage
import NIOCore
import NIOPosix

/// An open, verified file. It can be read to its end even if its name is taken away meanwhile.
struct FileBlob: Blob {
  let digest: SHA256Digest
  let lengthBytes: UInt64
  let file: OpenFile
  let threads: NIOThreadPool

  func read(at offset: UInt64, count: Int) async throws -> ByteBuffer {
    do {
      return try await threads.runIfActive { [file] in try file.read(at: offset, count: count) }
    } catch {
      throw FileBlobStore.translate(error)
    }
  }
}
