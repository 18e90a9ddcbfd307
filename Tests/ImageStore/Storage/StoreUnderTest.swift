import Foundation
import Foundations
import NIOCore
import TestSupport

@testable import BlobStorage

/// Which implementation the conformance suite runs against.
enum Backend: String, CaseIterable, Sendable {
  case file
  case memory
}

/// A fresh store, and what the suite needs to damage it and to look behind it.
struct StoreUnderTest {
  let store: any BlobStore
  private let folder: TemporaryFolder?

  init(_ backend: Backend) async throws {
    switch backend {
    case .file:
      let folder = try TemporaryFolder("xtblish-blobs")
      self.folder = folder
      store = try await FileBlobStore(directory: folder.path)
    case .memory:
      folder = nil
      store = InMemoryBlobStore()
    }
  }

  func close() async {
    await (store as? FileBlobStore)?.close()
  }

  /// Changes one byte of what is stored.
  func damage(_ digest: SHA256Digest) async throws {
    if let memory = store as? InMemoryBlobStore {
      let blob = try await memory.open(digest)
      var content = try await blob!.read(at: 0, count: Int(blob!.lengthBytes))
      content.setInteger(content.getInteger(at: 0, as: UInt8.self)! ^ 1, at: 0)
      memory.replaceContent(of: digest, with: content)
    } else if let file = store as? FileBlobStore {
      let handle = try FileHandle(forUpdating: URL(filePath: file.layout.path(of: digest)))
      let first = try handle.read(upToCount: 1)!
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: Data([first[0] ^ 1]))
      try handle.close()
    }
  }

  /// Files that are neither blobs nor directories.
  func filesInProgress() throws -> [String] {
    guard let folder else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path("uploads"))
  }
}

extension BlobStore {
  /// Uploads bytes in pieces.
  func add(
    _ bytes: [UInt8], pieceBytes: Int = 100_000, expecting: SHA256Digest? = nil
  ) async throws -> CommittedBlob {
    let upload = try await beginUpload()
    var rest = bytes[...]
    while !rest.isEmpty {
      try await upload.write([ByteBuffer(bytes: rest.prefix(pieceBytes))])
      rest = rest.dropFirst(pieceBytes)
    }
    do {
      return try await upload.commit(expecting: expecting)
    } catch {
      await upload.abandon()
      throw error
    }
  }

  func content(of digest: SHA256Digest) async throws -> [UInt8]? {
    guard let blob = try await open(digest) else { return nil }
    return try await Array(buffer: blob.read(at: 0, count: Int(blob.lengthBytes)))
  }
}

/// Bytes that differ from seed to seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state)
  }
}
