import Hummingbird
import ServiceHTTP
import TestSupport
import Testing

@Suite(.seated) struct ConnectionLoopTests {
  /// Also after they have waited for something.
  @Test func handlersRunOnTheLoopOfTheirConnection() async throws {
    try await withServer { router in
      router.get("/where") { _, context in
        await Task.yield()
        return context.channel.eventLoop.inEventLoop ? "loop" : "elsewhere"
      }
    } _: { port in
      for _ in 0..<8 {
        let place = try get(port, "/where").body
        #expect(place == "loop")
      }
    }
  }

  /// A handler that begins an answer and then waits has told the client what it began.
  @Test func aHeadDoesNotWaitForABodyThatIsLate() async throws {
    let (held, release) = AsyncStream.makeStream(of: Void.self)
    try await withServer { router in
      router.get("/late") { _, _ in
        Response(
          status: .ok,
          body: ResponseBody { writer in
            for await _ in held { break }
            try await writer.write(ByteBuffer(string: "late"))
            try await writer.finish(nil)
          })
      }
    } _: { port in
      let client = try RawTCPClient(port: port)
      try client.send(Array("GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
      let head = try client.receive(until: { String(decoding: $0, as: UTF8.self).contains("\r\n\r\n") })
      #expect(String(decoding: head, as: UTF8.self).hasPrefix("HTTP/1.1 200"))
      release.finish()
      #expect(try client.receiveToEnd().count > 0)
    }
  }
}
