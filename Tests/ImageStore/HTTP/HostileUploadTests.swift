import Curl
import Foundation
import Foundations
import TestSupport
import Testing
import Wire

@testable import ImageStoreServer

/// What a store answers to what it should not take. After each, nothing is left and it still works.
@Suite(.seated) struct HostileUploadTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    var name: String
    var body: [UInt8]
    var headers: [String: String] = [:]
    var status: Int
    var reason: String
    var testDescription: String { name }
  }

  static let refusals: [Refusal] = [
    Refusal(name: "nothing", body: [], status: 415, reason: "not-webassembly"),
    Refusal(name: "text", body: Array("hello, world".utf8), status: 415, reason: "not-webassembly"),
    Refusal(name: "WebAssembly text", body: Array("(module)".utf8), status: 415, reason: "not-webassembly"),
    Refusal(
      name: "ELF", body: [0x7F] + Array("ELF".utf8) + noise(5_000, seed: 1), status: 415, reason: "not-webassembly"),
    Refusal(name: "gzip", body: [0x1F, 0x8B, 8] + noise(5_000, seed: 2), status: 415, reason: "not-webassembly"),
    Refusal(name: "noise", body: noise(100_000, seed: 3), status: 415, reason: "not-webassembly"),
    Refusal(
      name: "component", body: [0, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0] + noise(500, seed: 4), status: 415,
      reason: "webassembly-component"),
    Refusal(
      name: "another version", body: [0, 0x61, 0x73, 0x6D, 2, 0, 0, 0], status: 415, reason: "webassembly-version"),
    Refusal(name: "only the magic", body: [0, 0x61, 0x73, 0x6D], status: 422, reason: "webassembly-cut-short"),
    Refusal(
      name: "cut short", body: Array(module(bytes: 100_000).dropLast()), status: 422, reason: "webassembly-cut-short"),
    Refusal(
      name: "bytes at its end", body: module(bytes: 100_000) + [0xFF], status: 422, reason: "webassembly-damaged"),
    Refusal(
      name: "noise behind the preamble", body: wasmPreamble + [0x6E] + noise(900, seed: 5), status: 422,
      reason: "webassembly-damaged"),
    Refusal(
      name: "an import of nobody", body: module(bytes: 9_000, imports: ["xtb1.log", "env.fork"]), status: 422,
      reason: "host-import-unavailable"),
    Refusal(
      name: "a later host API", body: module(bytes: 9_000, imports: ["xtb2.log"]), status: 422,
      reason: "host-import-unavailable"),
    Refusal(
      name: "too long a name", body: module(bytes: 9_000),
      headers: ["X-App-Name": String(repeating: "n", count: 33)], status: 400, reason: "invalid-header"),
    Refusal(
      name: "an escape in a name", body: module(bytes: 9_000), headers: ["X-App-Name": "a\u{9B}31m"], status: 400,
      reason: "invalid-header"),
    Refusal(
      name: "too long a key", body: module(bytes: 9_000),
      headers: ["Idempotency-Key": String(repeating: "k", count: 201)], status: 400, reason: "invalid-header"),
    Refusal(
      name: "a signature without its key", body: module(bytes: 9_000), headers: ["X-Publisher-Signature": "00"],
      status: 400, reason: "invalid-header"),
    Refusal(
      name: "a key that is none", body: module(bytes: 9_000),
      headers: ["X-Publisher-Key": "zz", "X-Publisher-Signature": String(repeating: "ab", count: 64)], status: 400,
      reason: "invalid-header"),
    Refusal(
      name: "a signature of another length", body: module(bytes: 9_000),
      headers: ["X-Publisher-Key": String(repeating: "ab", count: 32), "X-Publisher-Signature": "abab"], status: 400,
      reason: "invalid-header"),
    Refusal(
      name: "too large", body: wasmPreamble + noise(1_100_000, seed: 6), status: 413, reason: "body-too-large"),
  ]

  @Test(arguments: refusals)
  func aBadBodyIsRefusedAndLeavesNothing(refusal: Refusal) async throws {
    try await RunningStore.with(maximumBytes: 1_000_000) { store in
      let device = store.registry.addDevice()
      let response = try await store.post(refusal.body, to: device, headers: refusal.headers)
      #expect(response.status == refusal.status)
      #expect(response.problem == refusal.reason)
      #expect((response.json["detail"] as? String)?.isEmpty == false)
      #expect(store.files.isEmpty)
      #expect(store.registry.calls(WireAssignImage.self) == 0)
      #expect(try await store.post(module(bytes: 9_000), to: device).status == 201)
    }
  }

  static let paths: [(method: String, path: String, status: Int, reason: String)] = [
    ("POST", "/firmware/not-a-uuid", 400, "invalid-device-id"),
    ("POST", "/firmware/00000000-0000-0000-0000-000000000000", 404, "unknown-device"),
    ("GET", "/firmware/not-a-uuid/1", 400, "invalid-device-id"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/1", 404, "unknown-device"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/0", 400, "invalid-version"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/-1", 400, "invalid-version"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/01", 400, "invalid-version"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/+1", 400, "invalid-version"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/99999999999999999999", 400, "invalid-version"),
    ("GET", "/firmware/00000000-0000-0000-0000-000000000000/newest", 400, "invalid-version"),
    ("GET", "/images/sha256:00", 400, "invalid-digest"),
    ("GET", "/images/..%2f..%2fetc%2fpasswd", 400, "invalid-target"),
    ("PUT", "/images/md5:d41d8cd98f00b204e9800998ecf8427e", 400, "invalid-digest"),
    ("GET", "/images/sha256:" + String(repeating: "0", count: 64), 404, "unknown-image"),
    ("DELETE", "/images/sha256:" + String(repeating: "0", count: 64), 405, "method-not-allowed"),
    ("GET", "/nothing/here", 404, "unknown-route"),
  ]

  @Test func aBadPathIsRefusedWithItsReason() async throws {
    try await RunningStore.with { store in
      for (method, path, status, reason) in Self.paths {
        let body: [UInt8]? = method == "GET" || method == "DELETE" ? nil : module(bytes: 1_000)
        let response = try await store.request(method, path, body: body)
        #expect(response.status == status, "\(method) \(path)")
        #expect(response.problem == reason, "\(method) \(path)")
      }
      #expect(store.files.isEmpty)
    }
  }

  @Test func anUnknownDeviceIsToldBeforeTheBodyIsSent() async throws {
    try await RunningStore.with { store in
      let client = try RawExchange(port: store.port)
      try await client.send(head("/firmware/\(DeviceID.random())", "Content-Length: 4000000", "Expect: 100-continue"))
      #expect(try await client.receive(until: "unknown-device").hasPrefix("HTTP/1.1 404"))
    }
  }

  @Test func expectingClientsAreToldToGoOn() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let client = try RawExchange(port: store.port)
      try await client.send(head("/firmware/\(device)", "Content-Length: 20000", "Expect: 100-continue"))
      #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
      try await client.send(module(bytes: 20_000))
      #expect(try await client.receive(until: "\"version\"").hasPrefix("HTTP/1.1 201"))
    }
  }

  @Test func aTooLargeBodyIsRefusedByItsLengthAndWhileItComes() async throws {
    try await RunningStore.with(maximumBytes: 100_000) { store in
      let device = store.registry.addDevice()
      let announced = try RawExchange(port: store.port)
      try await announced.send(head("/firmware/\(device)", "Content-Length: 99999999999"))
      #expect(try await announced.receive(until: "body-too-large").hasPrefix("HTTP/1.1 413"))

      let streamed = try RawExchange(port: store.port)
      let wasm = module(bytes: 150_000)
      try await streamed.send(head("/firmware/\(device)", "Transfer-Encoding: chunked"))
      try await streamed.send(Array("\(String(wasm.count, radix: 16))\r\n".utf8) + wasm + Array("\r\n".utf8))
      #expect(try await streamed.receive(until: "body-too-large").hasPrefix("HTTP/1.1 413"))
      try await eventually { store.files.isEmpty }
    }
  }

  /// The module is whole where the connection ends: only the transfer shows that more was to come.
  @Test(arguments: [false, true])
  func aBodyThatBreaksOffLeavesNothing(isChunked: Bool) async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      // Longer than one batch, so that its upload has begun when the connection ends.
      let wasm = module(bytes: 700_000)
      for isReset in [false, true] {
        let client = try RawExchange(port: store.port)
        try await client.send(
          head("/firmware/\(device)", isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 800000"))
        let size = Array("\(String(wasm.count, radix: 16))\r\n".utf8)
        try await client.send(isChunked ? size + wasm + Array("\r\n".utf8) : wasm)
        try await eventually { store.files.contains { $0.hasPrefix("uploads/") } }
        if isReset { client.reset() } else { client.closeSending() }
        try await eventually { store.files.isEmpty }
      }
      #expect(store.registry.calls(WireAssignImage.self) == 0)
      #expect(try await store.post(module(bytes: 9_000), to: device).status == 201)
    }
  }

  private func head(_ path: String, _ headers: String...) -> String {
    (["POST \(path) HTTP/1.1", "Host: x"] + headers + ["", ""]).joined(separator: "\r\n")
  }
}
