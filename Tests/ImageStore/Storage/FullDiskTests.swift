import Foundation
import Logging
import ServiceKit
import TestSupport
import Testing

@testable import BlobStorage

@Suite(.seated) struct FullDiskTests {
  /// Much more than the disk that fills up has.
  private static let minimumBytes = 64 << 20

  /// As the service puts it together.
  private func readiness(_ store: FileBlobStore, _ path: String) -> Readiness {
    let readiness = Readiness(validity: .zero)
    readiness.add("storage") { try await store.checkWritable() }
    DiskWatch([path], minimumBytes: Self.minimumBytes, logger: Logger(label: "test")).register(on: readiness)
    return readiness
  }

  private static func isFull(_ error: any Error) -> Bool {
    if case BlobStoreError.full = error { true } else { false }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can mount a disk to fill up"))
  func aFullDiskMakesItUnreadyUntilThereIsRoom() async throws {
    let folder = try TemporaryFolder()
    // A file system of 4 MiB of its own.
    let mount = folder.path("small")
    try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
    try await runProgram("mount", ["-t", "tmpfs", "-o", "size=4m", "none", mount])
    let store = try await FileBlobStore(directory: mount, minimumFreeBytes: Self.minimumBytes)
    let readiness = readiness(store, mount)
    let atFirst = await readiness.findings()
    #expect(atFirst.allSatisfy { $0.isReady }, "a small disk is not full from the start: \(atFirst)")

    // A little is left, and then nothing.
    let ballast = "\(mount)/ballast"
    for megabytes in [3.95, 8] {
      _ = try? await runProgram("dd", ["if=/dev/zero", "of=\(ballast)", "bs=10k", "count=\(Int(megabytes * 100))"])
      let disk = try #require(await readiness.findings().first { $0.name == "disk" })
      #expect(!disk.isReady)
      #expect(disk.detail.contains("must be: free space there, or enlarge the disk") && disk.detail.contains(mount))
      // What is left is for others on the same disk.
      await #expect(performing: { _ = try await store.beginUpload() }, throws: Self.isFull)
    }
    #expect(await readiness.findings().first { $0.name == "storage" }?.isReady == false)
    try FileManager.default.removeItem(atPath: ballast)
    // One that began while there was room ends when there is none left.
    let upload = try await store.beginUpload()
    _ = try? await runProgram("dd", ["if=/dev/zero", "of=\(ballast)", "bs=10k", "count=395"])
    await #expect(performing: { _ = try await upload.finish() }, throws: Self.isFull)
    await upload.abandon()
    try FileManager.default.removeItem(atPath: ballast)
    let atLast = await readiness.findings()
    #expect(atLast.allSatisfy { $0.isReady }, "\(atLast)")
    await store.close()
    try await runProgram("umount", [mount])
  }
}
