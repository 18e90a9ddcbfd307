import Curl
import Foundation
import Hummingbird
import NIOCore
import ServiceHTTP
import Synchronization
import TestSupport
import Testing

@Suite(.seated) struct HandshakeTests {
  private static let request = Array("GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)

  @Test(arguments: ["-tls1_2", "-tls1_3"]) func currentVersionsAreSpoken(version: String) async throws {
    try await SecureServer.with { server in
      let answer = try await server.exchange(Self.request, as: nil, [version])
      #expect(answer.contains("HTTP/1.1 200"), "\(answer)")
    }
  }

  @Test(arguments: ["-tls1", "-tls1_1"]) func oldVersionsAreRefused(version: String) async throws {
    try await SecureServer.with { server in
      // The client must be talked into it, too.
      let answer = try await server.exchange(Self.request, as: nil, [version, "-cipher", "ALL:@SECLEVEL=0"])
      #expect(answer.contains("protocol version"), "\(answer)")
      #expect(server.requests.value == 0)
    }
  }

  @Test(arguments: ["AES128-SHA256", "ECDHE-ECDSA-AES128-SHA256"]) func weakCiphersAreRefused(
    cipher: String
  ) async throws {
    try await SecureServer.with { server in
      let answer = try await server.exchange(Self.request, as: nil, ["-tls1_2", "-cipher", "\(cipher):@SECLEVEL=0"])
      #expect(!answer.contains("HTTP/1.1"), "\(answer)")
      #expect(server.requests.value == 0)
    }
  }

  @Test func aPlainRequestGetsNothing() async throws {
    try await SecureServer.with { server in
      let bytes = try await allowingBlockingCalls {
        let client = try RawTCPClient(port: server.port)
        try client.send(Self.request)
        return (try? client.receiveToEnd()) ?? []
      }
      #expect(!String(decoding: bytes, as: UTF8.self).contains("HTTP"))
      #expect(server.requests.value == 0)
      #expect(try await server.curl("/who")?.status == 200)
    }
  }

  /// With nothing, and with the first bytes of a ClientHello.
  @Test(arguments: [[], [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]]) func aSlowHandshakeIsCut(bytes: [UInt8]) async throws {
    var limits = HTTPLimits.standard
    limits.handshakeTimeout = .milliseconds(300)
    try await SecureServer.with(limits: limits) { server in
      let rest = try await allowingBlockingCalls {
        let client = try RawTCPClient(port: server.port)
        try client.send(bytes)
        return try client.receiveToEnd()
      }
      #expect(rest.isEmpty)
      #expect(try await server.curl("/who")?.status == 200)
    }
  }

  @Test func rubbishAndCutOffHandshakesDoNoHarm() async throws {
    try await SecureServer.with { server in
      for round in 0..<40 {
        let bytes = (0..<Int.random(in: 1...600)).map { _ in UInt8.random(in: 0...255) }
        try await allowingBlockingCalls {
          let client = try RawTCPClient(port: server.port)
          // A record of a handshake, and noise in it; or noise alone.
          try? client.send(
            round % 2 == 0 ? [0x16, 0x03, 0x01, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes : bytes)
          if round % 3 == 0 { client.reset() } else { client.closeSending() }
          _ = try? client.receiveToEnd()
        }
      }
      #expect(try await server.curl("/who")?.status == 200)
    }
  }

  @Test func largeBodiesPassEitherWay() async throws {
    let noise = Data((0..<(8 << 20)).map { _ in UInt8.random(in: 0...255) })
    try await SecureServer.with(routes: { router in
      router.group("/up").add(middleware: BodyLimit(maximumBytes: 16 << 20)).post { request, _ in
        var received = Data()
        for try await part in request.body { received.append(contentsOf: part.readableBytesView) }
        return received == noise ? "the same" : "another"
      }
      router.get("/down") { _, _ in
        Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: noise)))
      }
    }) { server in
      let folder = try TemporaryFolder()
      try noise.write(to: URL(filePath: folder.path("in")))
      let sent = try await server.curl("/up", as: nil, ["--data-binary", "@\(folder.path("in"))"])
      #expect(sent?.body == "the same")
      let fetched = try await server.curl("/down", as: nil, ["-o", folder.path("out")])
      #expect(fetched?.status == 200)
      #expect(try Data(contentsOf: URL(filePath: folder.path("out"))) == noise)
    }
  }
}
