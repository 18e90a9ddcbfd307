import BlobStorage
import Curl
import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

@testable import ImageStoreServer

@Suite(.seated) struct ImageRouteTests {
  @Test func puttingIsIdempotent() async throws {
    try await RunningStore.with { store in
      let wasm = module(bytes: 500_000)
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.request("GET", "/images/\(digest)").problem == "unknown-image")
      let first = try await store.request("PUT", "/images/\(digest)", body: wasm)
      #expect(first.status == 201)
      #expect(first["location"] == "/images/\(digest)")
      #expect(first.json["digest"] as? String == digest.description)
      #expect(first.json["size"] as? Int == 500_000)
      let again = try await store.request("PUT", "/images/\(digest.hex.uppercased())", body: wasm)
      #expect(again.status == 200)
      let head = try await store.request("HEAD", "/images/\(digest)")
      #expect(head.status == 200)
      #expect(head["content-length"] == "500000")
      #expect(head["content-type"] == "application/wasm")
      #expect(head["repr-digest"] == "sha-256=:\(Data(digest.bytes).base64EncodedString()):")
      let part = try await store.request("GET", "/images/\(digest)", headers: ["Range": "bytes=-1000"])
      #expect(part.status == 206 && part.body == Array(wasm.suffix(1_000)))
    }
  }

  @Test func manyClientsAtOnceStoreTheSameBytesOnce() async throws {
    try await RunningStore.with { store in
      let wasm = module(bytes: 2_000_000)
      let digest = try SHA256Digest.of(wasm)
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<12 { group.addTask { try await store.request("PUT", "/images/\(digest)", body: wasm).status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(statuses).isSubset(of: [200, 201]) && statuses.contains(201))
      #expect(store.files.count == 1)
      let bodies = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<12 { group.addTask { try await store.request("GET", "/images/\(digest)").body == wasm } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(bodies == Array(repeating: true, count: 12))
    }
  }

  @Test func anotherDigestIsRefused() async throws {
    try await RunningStore.with { store in
      let wasm = module(bytes: 50_000)
      let other = try SHA256Digest.of([1])
      let response = try await store.request("PUT", "/images/\(other)", body: wasm)
      #expect(response.status == 422)
      #expect(response.problem == "digest-mismatch")
      #expect(response.json["detail"].map { "\($0)" }?.contains("\(try SHA256Digest.of(wasm))") == true)
      #expect(store.files.isEmpty)
    }
  }

  @Test func theLimitItselfFits() async throws {
    try await RunningStore.with(maximumBytes: 100_000) { store in
      let device = store.registry.addDevice()
      let exact = module(bytes: 100_000)
      #expect(try await store.request("PUT", "/images/\(SHA256Digest.of(exact))", body: exact).status == 201)
      let configuration = ImageConfiguration.plain(device: device).encoded()
      let image = try SHA256Digest.of(configuration + exact).bytes + configuration + exact
      #expect(try await store.post(image, to: device).status == 201)
      #expect(try await store.post(exact, to: device).status == 201)
      // Within the body's limit, which leaves room for a header, but not a module's.
      let over = module(bytes: 100_001, seed: 2)
      #expect(try await store.post(over, to: device).problem == "body-too-large")
      #expect(try await store.post(over, to: device).status == 413)
      #expect(store.files.count == 1)
    }
  }

  @Test func oneUploadTooManyIsToldToWait() async throws {
    try await RunningStore.with(maximumUploads: 1) { store in
      // Longer than one batch, so that the first upload has begun before it ends.
      let wasm = module(bytes: 700_000)
      let digest = try SHA256Digest.of(wasm)
      let slow = try RawExchange(port: store.port)
      try await slow.send("PUT /images/\(digest) HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n")
      try await slow.send(Array(wasm.prefix(600_000)))
      try await eventually { store.files.contains { $0.hasPrefix("uploads/") } }
      let refused = try await store.request("PUT", "/images/\(digest)", body: wasm)
      #expect(refused.status == 503)
      #expect(refused.problem == "too-many-uploads")
      #expect(refused["retry-after"] == "1")
      try await slow.send(Array(wasm.dropFirst(600_000)))
      #expect(try await slow.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 201"))
      #expect(try await store.request("PUT", "/images/\(digest)", body: wasm).status == 200)
    }
  }

  @Test func aFullDiskIs507AndLeavesNothing() async throws {
    try await RunningStore.with(blobs: InMemoryBlobStore(capacityBytes: 1_000)) { store in
      let wasm = module(bytes: 5_000)
      let response = try await store.request("PUT", "/images/\(SHA256Digest.of(wasm))", body: wasm)
      #expect(response.status == 507)
      #expect(response.problem == "storage-full")
    }
  }
}
