import FileAccess
import FirmwareImage
import Foundation
import Foundations
import NIOCore
import TestSupport
import Testing

@testable import BlobStorage

/// What only a store of files has.
@Suite(.seated) struct FileBlobStoreTests {
  @Test func leftoversGoAndLivingUploadsStay() async throws {
    let folder = try TemporaryFolder()
    let first = try await FileBlobStore(directory: folder.path)
    let upload = try await first.beginUpload()
    try await upload.write([ByteBuffer(bytes: noise(10_000, seed: 1))])
    // What a killed process leaves: a file that nobody holds.
    try Data([1, 2, 3]).write(to: URL(filePath: folder.path("uploads/123-1.part")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("uploads")).count == 2)

    let second = try await FileBlobStore(directory: folder.path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("uploads")).count == 1)
    let committed = try await upload.commit(expecting: nil)
    #expect(try await second.content(of: committed.digest) == noise(10_000, seed: 1))
    await first.close()
    await second.close()
  }

  @Test func blobsAreSeenByEveryStoreOfTheDirectory() async throws {
    let folder = try TemporaryFolder()
    let first = try await FileBlobStore(directory: folder.path("deep/down/here"))
    let second = try await FileBlobStore(directory: folder.path("deep/down/here"))
    let bytes = noise(5_000, seed: 2)
    let digest = try await first.add(bytes).digest
    #expect(try await second.content(of: digest) == bytes)
    #expect(try await second.add(bytes).isNew == false)
    await first.close()
    await second.close()
  }

  @Test func aTruncatedBlobIsFound() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let digest = try await store.add(noise(5_000, seed: 3)).digest
    let path = store.layout.path(of: digest)
    #expect(truncate(path, 4_999) == 0)
    await #expect(throws: BlobStoreError.self) { try await store.open(digest) }
    #expect(truncate(path, 5_000) == 0)
    // The last byte is now zero.
    await #expect(throws: BlobStoreError.self) { try await store.open(digest) }
    await store.close()
  }

  /// The modification time can be set back by whoever changed the file; the change is found anyway.
  @Test func aChangeWithItsTimeSetBackIsFound() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let digest = try await store.add(noise(5_000, seed: 4)).digest
    #expect(try await store.open(digest) != nil)
    let path = store.layout.path(of: digest)
    var before = stat()
    #expect(stat(path, &before) == 0)
    var content = try Data(contentsOf: URL(filePath: path))
    content[100] ^= 1
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.write(contentsOf: content)
    try handle.close()
    var times = [before.st_atim, before.st_mtim]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    await #expect(throws: BlobStoreError.self) { try await store.open(digest) }
    await store.close()
  }

  /// Also when its file is still open from an earlier read.
  @Test func aRemovedBlobIsGoneAtOnce() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let bytes = noise(5_000, seed: 8)
    let digest = try await store.add(bytes).digest
    #expect(try await store.content(of: digest) == bytes)
    #expect(unlink(store.layout.path(of: digest)) == 0)
    #expect(try await store.open(digest) == nil)
    #expect(try await store.add(bytes).isNew)
    #expect(try await store.content(of: digest) == bytes)
    await store.close()
  }

  @Test func filesThatNobodyReadsAreClosed() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let digest = try await store.add(noise(5_000, seed: 9)).digest
    #expect(try await store.open(digest) != nil)
    store.opened.closeUnused()
    #expect(store.opened.find(digest) != nil)
    store.opened.closeUnused()
    store.opened.closeUnused()
    #expect(store.opened.find(digest) == nil)
    #expect(try await store.open(digest) != nil)
    await store.close()
  }

  @Test func whatIsNotInMemoryIsReadFromTheDisk() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let bytes = noise(3_000_000, seed: 10)
    let digest = try await store.add(bytes).digest
    let file = try OpenFile(store.layout.path(of: digest), O_RDONLY)
    #expect(posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0)
    #expect(try await store.content(of: digest) == bytes)
    await store.close()
  }

  @Test func foreignFilesAreNotListed() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    let digest = try await store.add(noise(100, seed: 5)).digest
    let shard = Directory.parent(of: store.layout.path(of: digest))
    try Data([1]).write(to: URL(filePath: "\(shard)/README"))
    try Data([1]).write(to: URL(filePath: "\(shard)/\(digest.hex).orig"))
    try Data([1]).write(to: URL(filePath: "\(shard)/\(digest.hex.uppercased())"))
    try Data([1]).write(to: URL(filePath: folder.path("images/stray")))
    #expect(try await store.list(after: nil, limit: 10).map(\.digest) == [digest])
    await store.close()
  }

  @Test(.enabled(if: geteuid() == 0, "only root can mount a disk to fill up"))
  func aFullDiskIsToldAndLeavesNothing() async throws {
    let folder = try TemporaryFolder()
    // A file system of 1 MiB of its own.
    let mount = folder.path("small")
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
    let mounting = try ChildProcess("mount", ["-t", "tmpfs", "-o", "size=1m", "none", mount])
    guard try await mounting.waitForExit() == .exited(0) else {
      Issue.record("mount failed: \(mounting.output)")
      return
    }
    let store = try await FileBlobStore(directory: mount)
    do {
      _ = try await store.add(noise(2_000_000, seed: 6), pieceBytes: 100_000)
      Issue.record("2 MB fitted into 1 MiB")
    } catch let error as BlobStoreError {
      guard case .full = error else {
        Issue.record("another error: \(error)")
        return
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(mount)/uploads").isEmpty)
    #expect(try await store.add(noise(100_000, seed: 7)).isNew)
    await store.close()
    _ = try await ChildProcess("umount", [mount]).waitForExit()
  }

  @Test func aDirectoryThatIsAFileIsAnErrorThatNamesIt() async throws {
    let folder = try TemporaryFolder()
    try Data([1]).write(to: URL(filePath: folder.path("file")))
    do {
      _ = try await FileBlobStore(directory: folder.path("file"))
      Issue.record("a file was taken for a directory")
    } catch let error as BlobStoreError {
      #expect(error.description.contains(folder.path("file")))
    }
  }

  @Test func aClosedStoreSaysSo() async throws {
    let folder = try TemporaryFolder()
    let store = try await FileBlobStore(directory: folder.path)
    await store.close()
    await #expect(throws: BlobStoreError.closed) { try await store.beginUpload() }
    await #expect(throws: BlobStoreError.closed) { try await store.stat(SHA256Digest.of([])) }
  }
}
