import Curl
import FirmwareImage
import Foundation
import Foundations
import ImageStoreClient
import ImageStoreServer
import ServiceKit
import TestSupport
import Testing

@Suite(.seated) struct DebugRouteTests {
  private static let buildID: [UInt8] = Array(1...20)
  private static let path = "/debug/\(Hexadecimal.encode(buildID))"

  /// A module of one function, as a linker leaves it.
  private func debugModule(
    buildID: [UInt8]? = buildID, hasCode: Bool = true, names: Bool = true, note: UInt8 = 0
  ) -> [UInt8] {
    var bytes = wasmPreamble
    if hasCode {
      let exports = [2] + wasmName("memory") + [2, 0] + wasmName("_start") + [0, 0]
      bytes +=
        wasmSection(1, [1, 0x60, 0, 0]) + wasmSection(3, [1, 0]) + wasmSection(5, [1, 0, 1]) + wasmSection(7, exports)
      bytes += wasmSection(10, [1, 3, 0, 0, 0x0B])
    }
    if names { bytes += wasmSection(0, wasmName("name") + [1, 4, 1, 0, 1, 0x66]) }
    bytes += wasmSection(0, wasmName("note") + [note])
    if let buildID { bytes += wasmSection(0, wasmName("build_id") + [UInt8(buildID.count)] + buildID) }
    return bytes
  }

  @Test func isKeptUnderItsBuildID() async throws {
    try await RunningStore.with { store in
      let bytes = debugModule()
      let stored = try await store.request("PUT", Self.path, body: bytes)
      #expect(stored.status == 201)
      #expect(stored.json["buildID"] as? String == Hexadecimal.encode(Self.buildID))
      #expect(stored["location"] == Self.path)
      let digest = try SHA256Digest.of(bytes)
      let fetched = try await store.request("GET", Self.path)
      #expect(fetched.status == 200)
      #expect(fetched.body == bytes)
      #expect(fetched["etag"] == "\"\(digest.hex)\"")
      let head = try await store.request("HEAD", Self.path.uppercased().replacing("/DEBUG", with: "/debug"))
      #expect(head.status == 200)
      #expect(head["content-length"] == "\(bytes.count)")
      // A repeat is no conflict and stores nothing.
      #expect(try await store.request("PUT", Self.path, body: bytes).status == 200)
      #expect(store.files.count == 2)
    }
  }

  @Test func anotherModuleOfTheSameBuildIsAConflict() async throws {
    try await RunningStore.with { store in
      let bytes = debugModule()
      #expect(try await store.request("PUT", Self.path, body: bytes).status == 201)
      let other = try await store.request("PUT", Self.path, body: debugModule(note: 1))
      #expect(other.status == 409)
      #expect(other.problem == "debug-module-differs")
      #expect(try await store.request("GET", Self.path).body == bytes)
      #expect(store.files.count == 2)
    }
  }

  @Test func outlivesItsProcess() async throws {
    let directory = try TemporaryFolder("xtblish-debug")
    let bytes = debugModule()
    try await RunningStore.with(directory: directory) { store in
      let stored = try await store.request("PUT", Self.path, body: bytes)
      #expect(stored.status == 201)
    }
    try await RunningStore.with(directory: directory) { store in
      let kept = try await store.request("GET", Self.path)
      #expect(kept.body == bytes)
      let other = try await store.request("PUT", Self.path, body: debugModule(note: 1))
      #expect(other.status == 409)
    }
  }

  @Test func manyAtOnceAgreeOnOne() async throws {
    try await RunningStore.with { store in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for note in 0..<8 {
          let bytes = debugModule(note: UInt8(note % 2))
          group.addTask { try await store.request("PUT", Self.path, body: bytes).status }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.filter { $0 == 409 }.count == 4)
      #expect(statuses.allSatisfy { [200, 201, 409].contains($0) })
    }
  }

  @Test func whatTellsNoLinesIsRefused() async throws {
    try await RunningStore.with { store in
      let refusals: [([UInt8], String)] = [
        (debugModule(buildID: nil), "no-build-id"), (debugModule(buildID: [9]), "build-id-mismatch"),
        (debugModule(names: false), "module-stripped"), (debugModule(hasCode: false), "no-code"),
        (Array(debugModule().dropLast(5)), "webassembly-cut-short"), (Array("#!/bin/sh".utf8), "not-webassembly"),
      ]
      for (bytes, reason) in refusals {
        let refused = try await store.request("PUT", Self.path, body: bytes)
        #expect(refused.problem == reason)
      }
      let misnamed = try await store.request("PUT", "/debug/xyz", body: debugModule())
      #expect(misnamed.problem == "invalid-build-id")
      let unknown = try await store.request("GET", Self.path)
      #expect(unknown.problem == "unknown-debug-module")
      #expect(store.files.isEmpty)
    }
  }

  @Test func theCommandReadsTheBuildID() async throws {
    try await RunningStore.with { store in
      let file = store.directory.path("app.wasm.debug")
      try write(debugModule(), to: file)
      let client = ImageStoreClient(url: store.url)
      #expect(try await client.pushDebugModule(file: file).buildID == Hexadecimal.encode(Self.buildID))
      #expect(try await client.push(file: file, to: nil).buildID == Hexadecimal.encode(Self.buildID))
      try write(debugModule(names: false), to: file)
      let error = await #expect(throws: AdminError.self) { try await client.pushDebugModule(file: file) }
      #expect(error?.description.contains("stripped") == true)
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
