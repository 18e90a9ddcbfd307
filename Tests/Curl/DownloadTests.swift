import Curl
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite(.seated) struct DownloadTests {
  static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

  /// Answers ranges of `content` as RFC 9110 says.
  static func serve(_ request: ScriptedHTTPServer.Request, _ connection: ScriptedHTTPServer.Connection) {
    guard let range = request.headers["range"], let first = Int(range.dropFirst("bytes=".count).dropLast()) else {
      return connection.respond(200, headers: ["ETag: \"v\""], body: content)
    }
    connection.respond(
      206, headers: ["ETag: \"v\"", "Content-Range: bytes \(first)-\(content.count - 1)/\(content.count)"],
      body: Array(content[first...]))
  }

  static func withFile(_ body: (Int32, String) async throws -> Void) async throws {
    let folder = try TemporaryFolder("xtblish-curl")
    let path = folder.path("file")
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try await body(descriptor, path)
  }

  @Test func theBodyGoesToTheFile() async throws {
    let server = try ScriptedHTTPServer(Self.serve)
    let http = HTTPClient()
    try await Self.withFile { descriptor, path in
      let response = try await http.download(HTTPClient.Request("GET", server.url)) { head in
        #expect(head.status == 200)
        return .file(descriptor: descriptor, offset: 0, maximumBytes: .max)
      }
      #expect(response.body.isEmpty)
      #expect(response.bodySizeBytes == 300_000)
      #expect(try Data(contentsOf: URL(filePath: path)) == Data(Self.content))
    }
  }

  @Test func aCutDownloadIsResumed() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
      connection.send(Array(Self.content[..<100_000]))
    }
    let http = HTTPClient()
    try await Self.withFile { descriptor, path in
      let error = await #expect(throws: CurlError.self) {
        try await http.download(HTTPClient.Request("GET", server.url)) { _ in
          .file(descriptor: descriptor, offset: 0, maximumBytes: .max)
        }
      }
      #expect(error?.code == .connectionLost)
      let have = try Data(contentsOf: URL(filePath: path)).count
      #expect(have == 100_000)
      server.handle(Self.serve)
      let response = try await http.download(
        HTTPClient.Request("GET", server.url, headers: [.init("Range", "bytes=\(have)-"), .init("If-Range", "\"v\"")])
      ) { head in
        .file(descriptor: descriptor, offset: head.status == 206 ? Int64(have) : 0, maximumBytes: .max)
      }
      #expect(response.status == 206)
      #expect(response.bodySizeBytes == 200_000)
      #expect(server.requests.last?.headers["if-range"] == "\"v\"")
      #expect(try Data(contentsOf: URL(filePath: path)) == Data(Self.content))
    }
  }

  @Test func aProblemStaysOutOfTheFile() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(404, body: Array("no such".utf8)) }
    let http = HTTPClient()
    try await Self.withFile { descriptor, path in
      let response = try await http.download(HTTPClient.Request("GET", server.url)) { head in
        head.isSuccess ? .file(descriptor: descriptor, offset: 0, maximumBytes: .max) : .memory
      }
      #expect(response.text == "no such")
      #expect(try Data(contentsOf: URL(filePath: path)).isEmpty)
    }
  }

  @Test func theFileIsBounded() async throws {
    let server = try ScriptedHTTPServer(Self.serve)
    let http = HTTPClient()
    try await Self.withFile { descriptor, path in
      let error = await #expect(throws: CurlError.self) {
        try await http.download(HTTPClient.Request("GET", server.url)) { _ in
          .file(descriptor: descriptor, offset: 0, maximumBytes: 299_999)
        }
      }
      #expect(error?.code == .responseTooLarge)
      let size = try Data(contentsOf: URL(filePath: path)).count
      #expect(size <= 299_999)
    }
  }

  @Test func aFullDiskIsTold() async throws {
    let server = try ScriptedHTTPServer(Self.serve)
    let http = HTTPClient()
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    let error = await #expect(throws: CurlError.self) {
      try await http.download(HTTPClient.Request("GET", server.url)) { _ in
        .file(descriptor: full, offset: nil, maximumBytes: .max)
      }
    }
    #expect(error?.code == .sinkFailed)
    #expect(error?.systemError == ENOSPC)
  }

  @Test func aSinkGetsEveryByteInOrder() async throws {
    let server = try ScriptedHTTPServer(Self.serve)
    let http = HTTPClient()
    let received = Mutex<[UInt8]>([])
    let response = try await http.download(HTTPClient.Request("GET", server.url)) { _ in
      .sink(maximumBytes: .max) { bytes in
        received.withLock { received in bytes.withUnsafeBytes { received.append(contentsOf: $0) } }
      }
    }
    #expect(response.bodySizeBytes == 300_000)
    #expect(received.withLock { $0 } == Self.content)
  }

  @Test func aSinkThatThrowsEndsTheTransfer() async throws {
    let server = try ScriptedHTTPServer(Self.serve)
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) {
      try await http.download(HTTPClient.Request("GET", server.url)) { _ in
        .sink(maximumBytes: .max) { _ throws(CurlError) in throw CurlError(.sinkFailed, "enough") }
      }
    }
    #expect(error == CurlError(.sinkFailed, "enough"))
  }

  @Test func aSlowSinkHoldsTheServerBack() async throws {
    let sent = Atomic<Int>(0)
    let server = try ScriptedHTTPServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\n\r\n")
      let piece = [UInt8](repeating: 7, count: 65_536)
      while sent.load(ordering: .relaxed) < 256 << 20, connection.send(piece) {
        sent.add(piece.count, ordering: .relaxed)
      }
    }
    let http = HTTPClient()
    let hold = DispatchSemaphore(value: 0)
    let task = Task {
      try? await http.download(HTTPClient.Request("GET", server.url)) { _ in
        .sink(maximumBytes: .max) { _ in hold.wait() }
      }
    }
    // The server's progress ends at what the kernel buffers.
    var last = -1
    try await eventually {
      let now = sent.load(ordering: .relaxed)
      defer { last = now }
      // Sleeps: that a server is held back shows in nothing but that no more goes out.
      try await Task.sleep(for: .milliseconds(200))
      return now > 0 && now == last
    }
    #expect(last < 64 << 20)
    task.cancel()
    for _ in 0..<10_000 { hold.signal() }
    _ = await task.value
  }
}
