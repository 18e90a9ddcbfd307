import Curl
import Glibc
import TestSupport
import Testing

@Suite(.seated) struct FailureTests {
  @Test func whereNobodyListensTheConnectionFailsForNow() async throws {
    let port = try FreePort()
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get("http://127.0.0.1:\(port.number)/") }
    #expect(error?.code == .connectionFailed)
    #expect(error?.isTransient == true)
    #expect(error?.message.contains("127.0.0.1:\(port.number)") == true)
  }

  @Test func anUnknownName() async {
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get("http://nobody.invalid/") }
    #expect(error?.code == .nameNotResolved)
  }

  @Test func aBodyCutShort() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .connectionLost)
  }

  @Test func aChunkedBodyCutShort() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .connectionLost)
  }

  @Test func noAnswerAtAll() async throws {
    let server = try ScriptedHTTPServer { _, _ in }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .connectionLost)
  }

  @Test func anAnswerThatIsNotHTTPIsInvalid() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.send("SSH-2.0-OpenSSH_9.2\r\n") }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .invalidResponse)
  }

  @Test func aStalledServerIsGivenUp() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")
      connection.waitForClose()
    }
    let http = HTTPClient()
    let timeouts = HTTPClient.Timeouts(lowSpeed: .seconds(1), lowSpeedBytesPerSecond: 10)
    let clock = ContinuousClock()
    let elapsed = await clock.measure {
      let error = await #expect(throws: CurlError.self) {
        try await http.request(HTTPClient.Request("GET", server.url, timeouts: timeouts))
      }
      #expect(error?.code == .timedOut)
    }
    #expect(elapsed >= .seconds(1) && elapsed < .seconds(20))
  }

  @Test func theTotalTimeIsBounded() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
      // Sleeps: a body that trickles, and so is not too slow for the other limit, is what the test is about.
      while connection.send("x") { usleep(10_000) }
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) {
      try await http.request(
        HTTPClient.Request("GET", server.url, timeouts: HTTPClient.Timeouts(total: .milliseconds(300))))
    }
    #expect(error?.code == .timedOut)
  }

  @Test func aBodyTooLargeForMemory() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      while connection.send([UInt8](repeating: 0, count: 65_536)) {}
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) {
      try await http.request(HTTPClient.Request("GET", server.url, maximumResponseBytes: 1_000_000))
    }
    #expect(error?.code == .responseTooLarge)
    #expect(error?.message.contains("1000000") == true)
  }

  @Test func headersWithoutEnd() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\n")
      var number = 0
      while connection.send("X-\(number): \(String(repeating: "h", count: 1000))\r\n") { number += 1 }
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .responseTooLarge)
  }

  @Test func cancellingTheTaskEndsTheTransfer() async throws {
    for round in 0..<20 {
      let (closed, report) = AsyncStream.makeStream(of: Void.self)
      let server = try ScriptedHTTPServer { _, connection in
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        connection.waitForClose()
        report.yield()
      }
      let http = HTTPClient()
      let task = Task { () async -> CurlError? in
        do throws(CurlError) {
          _ = try await http.get(server.url)
          return nil
        } catch { return error }
      }
      // At different points: before the request, before the answer, within the body.
      if round > 0 {
        try await eventually { !server.requests.isEmpty || round < 5 }
      }
      task.cancel()
      #expect(await task.value?.code == .cancelled)
      // If it had got as far as the server, the connection goes.
      if !server.requests.isEmpty { for await _ in closed { break } }
    }
  }

  @Test func closingTheClientEndsWhatIsUnderWay() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.waitForClose() }
    let http = HTTPClient()
    async let response = http.get(server.url)
    try await eventually { !server.requests.isEmpty }
    http.close()
    do {
      _ = try await response
      Issue.record("a response")
    } catch {
      #expect((error as? CurlError)?.code == .closed)
    }
    let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
    #expect(error?.code == .closed)
    http.close()
  }

  @Test func transfersAreBounded() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.waitForClose() }
    let http = HTTPClient(HTTPClient.Configuration(maximumTransfers: 2))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 { group.addTask { _ = try? await http.get(server.url) } }
      try? await eventually { server.requests.count == 2 }
      let error = await #expect(throws: CurlError.self) { try await http.get(server.url) }
      #expect(error?.code == .overloaded)
      group.cancelAll()
    }
    // The places are free again.
    server.handle { _, connection in connection.respond(200) }
    _ = try await http.get(server.url)
  }
}
