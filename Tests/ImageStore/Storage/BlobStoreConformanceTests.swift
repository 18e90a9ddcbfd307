import BlobStorage
import FirmwareImage
import Foundations
import NIOCore
import TestSupport
import Testing

/// What every store must do.
@Suite(.seated) struct BlobStoreConformanceTests {
  @Test(arguments: Backend.allCases)
  func whatWasAddedIsRead(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    for size in [0, 1, 4095, 4096, 300_001] {
      let bytes = noise(size, seed: UInt64(size))
      let digest = try SHA256Digest.of(bytes)
      #expect(try await subject.store.stat(digest) == nil)
      #expect(try await subject.store.open(digest) == nil)
      let committed = try await subject.store.add(bytes, pieceBytes: 70_001)
      #expect(committed == CommittedBlob(digest: digest, lengthBytes: UInt64(size), isNew: true))
      #expect(try await subject.store.content(of: digest) == bytes)
      #expect(try await subject.store.stat(digest)?.lengthBytes == UInt64(size))
    }
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func partsAreReadAndTheEndIsShort(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let bytes = noise(10_000, seed: 1)
    let digest = try await subject.store.add(bytes).digest
    let blob = try #require(try await subject.store.open(digest))
    #expect(blob.lengthBytes == 10_000)
    #expect(blob.digest == digest)
    for (offset, count) in [(0, 1), (0, 10_000), (9_999, 1), (5_000, 2_500), (9_990, 100), (10_000, 5), (20_000, 5)] {
      let part = try await blob.read(at: UInt64(offset), count: count)
      #expect(Array(buffer: part) == Array(bytes.dropFirst(offset).prefix(count)))
    }
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func theSameBytesAreStoredOnce(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let bytes = noise(50_000, seed: 2)
    #expect(try await subject.store.add(bytes).isNew)
    #expect(try await subject.store.add(bytes).isNew == false)
    #expect(try await subject.store.list(after: nil, limit: 10).count == 1)
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func manyUploadsOfTheSameBytesAtOnce(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let store = subject.store
    let bytes = noise(400_000, seed: 3)
    let committed = try await withThrowingTaskGroup(of: CommittedBlob.self) { group in
      for index in 0..<16 {
        group.addTask { try await store.add(bytes, pieceBytes: 10_000 + index * 1_000) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(committed.map(\.digest)).count == 1)
    #expect(committed.contains { $0.isNew })
    #expect(try await store.content(of: committed[0].digest) == bytes)
    #expect(try await store.list(after: nil, limit: 10).count == 1)
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func whatAnUploadBroughtCanBeTakenAway(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let bytes = noise(50_000, seed: 20)
    func place() async throws -> (any BlobUpload, CommittedBlob) {
      let upload = try await subject.store.beginUpload()
      try await upload.write([ByteBuffer(bytes: bytes)])
      #expect(try await upload.finish().lengthBytes == 50_000)
      return (upload, try await upload.place(expecting: nil))
    }
    let (upload, blob) = try await place()
    #expect(blob.isNew)
    #expect(try await subject.store.content(of: blob.digest) == bytes)
    await upload.settle(keeping: false)
    #expect(try await subject.store.stat(blob.digest) == nil)
    #expect(try await subject.store.open(blob.digest) == nil)
    // What was there already stays.
    _ = try await subject.store.add(bytes)
    let (second, again) = try await place()
    #expect(!again.isNew)
    await second.settle(keeping: false)
    #expect(try await subject.store.content(of: blob.digest) == bytes)
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  /// Of many who bring the same bytes at once, those that keep them find them at the end, whoever takes back.
  @Test(arguments: Backend.allCases)
  func nobodyTakesAwayWhatAnotherReliesOn(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let store = subject.store
    for round in 0..<20 {
      let bytes = noise(30_000, seed: UInt64(1_000 + round))
      let digest = try SHA256Digest.of(bytes)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<8 {
          group.addTask {
            let upload = try await store.beginUpload()
            try await upload.write([ByteBuffer(bytes: bytes)])
            _ = try await upload.place(expecting: digest)
            await upload.settle(keeping: index.isMultiple(of: 4))
            if index.isMultiple(of: 4) { #expect(try await store.content(of: digest) == bytes) }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.content(of: digest) == bytes)
    }
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func anotherDigestThanAnnouncedIsRefused(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let bytes = noise(1_000, seed: 4)
    let announced = try SHA256Digest.of([1, 2, 3])
    let actual = try SHA256Digest.of(bytes)
    await #expect(throws: BlobStoreError.digestMismatch(expected: announced, actual: actual)) {
      try await subject.store.add(bytes, expecting: announced)
    }
    #expect(try await subject.store.list(after: nil, limit: 10).isEmpty)
    #expect(try subject.filesInProgress().isEmpty)
    #expect(try await subject.store.add(bytes, expecting: actual).isNew)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func anAbandonedUploadLeavesNothing(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let upload = try await subject.store.beginUpload()
    try await upload.write([ByteBuffer(bytes: noise(200_000, seed: 5))])
    await upload.abandon()
    #expect(try await subject.store.list(after: nil, limit: 10).isEmpty)
    #expect(try subject.filesInProgress().isEmpty)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func damageIsFoundAndNeverServed(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let bytes = noise(200_000, seed: 6)
    let digest = try await subject.store.add(bytes).digest
    // Read once, so that the store may remember it as good.
    #expect(try await subject.store.content(of: digest) == bytes)
    try await subject.damage(digest)

    var damaged = bytes
    damaged[0] ^= 1
    let actual = try SHA256Digest.of(damaged)
    await #expect(throws: BlobStoreError.corrupted(digest, actual: actual)) { try await subject.store.open(digest) }
    #expect(try await subject.store.check(digest) == BlobCheck(actual: actual, lengthBytes: 200_000))

    // Uploading the same bytes again repairs it.
    #expect(try await subject.store.add(bytes).isNew)
    #expect(try await subject.store.content(of: digest) == bytes)
    #expect(try await subject.store.check(digest)?.actual == digest)
    await subject.close()
  }

  @Test(arguments: Backend.allCases)
  func listsInPagesByDigest(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    var digests: [SHA256Digest] = []
    for seed in 0..<40 { digests.append(try await subject.store.add(noise(100, seed: UInt64(seed))).digest) }
    digests.sort()
    var seen: [SHA256Digest] = []
    while true {
      let page = try await subject.store.list(after: seen.last, limit: 7)
      seen += page.map(\.digest)
      if page.count < 7 { break }
    }
    #expect(seen == digests)
    #expect(try await subject.store.list(after: digests.last, limit: 7).isEmpty)
    #expect(try await subject.store.check(SHA256Digest.of([9, 9, 9])) == nil)
    await subject.close()
  }
}
