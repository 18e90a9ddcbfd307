import Curl
import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing
import Wire

/// The executable dies, or its disk fails, in the middle of an upload.
@Suite(.seated, .serialized) struct CrashTests {
  @Test func aKilledUploadLeavesNoBlobAndNoVersion() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      let device = registry.addDevice()
      let wasm = module(bytes: 2_000_000)
      let digest = try SHA256Digest.of(wasm)
      // At several points of the body: before anything is written, in the middle, one byte before the end.
      for sent in [1_000, 1_200_000, 1_999_999] {
        let store = try await StoreProcess.start(directory: folder.path, registry: address)
        let port = try #require(URL(string: store.url)?.port)
        let upload = try RawExchange(port: port)
        try await upload.send("POST /firmware/\(device) HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n")
        try await upload.send(Array(wasm.prefix(sent)))
        if sent > 600_000 { try await eventually { !store.uploads.isEmpty } }
        store.process.kill()
        try await store.process.waitForExit()
        #expect(store.blobs.isEmpty)
        #expect(registry.versions(of: device).isEmpty)
      }
      let store = try await StoreProcess.start(directory: folder.path, registry: address)
      #expect(store.uploads.isEmpty)
      #expect(try await store.client.get("\(store.url)/images/\(digest)").status == 404)
      #expect(try await store.send("POST", "/firmware/\(device)", body: wasm).status == 201)
      #expect(store.blobs == ["\(digest.hex.prefix(2))/\(digest.hex)"])
    }
  }

  /// What was answered with 201 is there after a kill.
  @Test func anAcknowledgedUploadOutlivesAKill() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      let device = registry.addDevice()
      var store = try await StoreProcess.start(directory: folder.path, registry: address)
      for seed in 1...5 {
        let wasm = module(bytes: 100_000 + seed, seed: UInt64(seed))
        #expect(try await store.send("POST", "/firmware/\(device)", body: wasm).status == 201)
        store.process.kill()
        try await store.process.waitForExit()
        store = try await StoreProcess.start(directory: folder.path, registry: address)
        let image = try await store.client.get("\(store.url)/firmware/\(device)/latest").body
        #expect(try VerifiedImage.verifying(image, for: device, trust: .unsigned()).content == .bytes(wasm))
      }
    }
  }

  static let faults: [(call: String, error: String, status: Int, reason: String)] = [
    ("fsync", "EIO", 500, "storage-failed"),
    ("pwrite64", "EIO", 500, "storage-failed"),
    ("pwrite64", "ENOSPC", 507, "storage-full"),
    ("pwrite64", "EDQUOT", 507, "storage-full"),
    ("link", "EIO", 500, "storage-failed"),
  ]

  @Test(arguments: faults)
  func aFailingDiskIsToldAndLeavesNothing(call: String, error: String, status: Int, reason: String) async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      // Makes the directories, so that only uploads meet the fault.
      let first = try await StoreProcess.start(directory: folder.path, registry: address)
      try await first.process.stop()
      let injection = "inject=\(call):error=\(error)"
      let store = try await StoreProcess.start(
        directory: folder.path, registry: address, tracing: ["-e", "trace=\(call)", "-e", injection],
        // With a disk that takes nothing it is never ready.
        isReady: call != "pwrite64")
      let device = registry.addDevice()
      let refused = try await store.send("POST", "/firmware/\(device)", body: module(bytes: 700_000))
      #expect(refused.status == status, "\(refused.text)")
      #expect(refused.problem == reason)
      #expect(!refused.text.contains(folder.path))
      #expect(registry.versions(of: device).isEmpty)
      try await eventually { store.uploads.isEmpty }
      #expect(store.blobs.isEmpty)
      #expect(store.process.output.contains(call == "pwrite64" ? "write of" : "\(call) of"))
    }
  }
}
