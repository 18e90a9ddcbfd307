import Curl
import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

/// Clients that ask for an image and then take nothing of it.
@Suite(.seated, .serialized) struct UnreadResponseTests {
  @Test func theyCostLittleAndItComesBack() async throws {
    try await withRegistry { _, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path("data"), registry: address)
      let wasm = module(bytes: 12_000_000)
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.send("PUT", "/images/\(digest)", body: wasm).status == 201)
      let before = try resident(store.process)
      let port = try #require(Int(store.url.split(separator: ":").last ?? ""))
      let clients = try await allowingBlockingCalls {
        try (0..<150).map { _ in
          let client = try RawTCPClient(port: port)
          client.setReceiveBuffer(bytes: 4_096)
          try client.send("GET /images/\(digest) HTTP/1.1\r\nHost: h\r\n\r\n")
          // That it has begun.
          _ = try client.receive(maximum: 1)
          return client
        }
      }
      // Until nothing more is gathered for them.
      var last = 0
      var equal = 0
      try await eventually("the store's memory settles") {
        let now = try resident(store.process)
        equal = abs(now - last) < 1 << 20 ? equal + 1 : 0
        last = now
        return equal == 10
      }
      #expect(last - before < 64 << 20, "\(last - before) bytes for \(clients.count) clients")
      for client in clients { client.reset() }
      try await eventually("the memory is given back") {
        try resident(store.process) - before < 24 << 20
      }
    }
  }

  /// In bytes.
  private func resident(_ process: ChildProcess) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) }) * 1_024
  }
}
