import Curl
import TestSupport
import Testing

@Suite(.seated) struct RequestTests {
  @Test func aRequestComesWithItsHeadersAndBody() async throws {
    let server = try ScriptedHTTPServer { request, connection in
      connection.respond(201, headers: ["X-Answer: a: b", "X-Empty:"], body: Array("done".utf8))
    }
    let http = HTTPClient()
    let response = try await http.request(
      HTTPClient.Request(
        "POST", server.url + "/a?b=c", headers: [.init("X-One", "1"), .init("X-None", "")],
        body: .bytes(Array("hello".utf8))))
    #expect(response.status == 201)
    #expect(response.text == "done")
    #expect(response["x-answer"] == "a: b")
    #expect(response["X-EMPTY"] == "")
    #expect(response["absent"] == nil)
    let request = try #require(server.requests.first)
    #expect(request.method == "POST")
    #expect(request.path == "/a?b=c")
    #expect(request.headers["x-one"] == "1")
    #expect(request.headers["x-none"] == "")
    #expect(request.headers["content-length"] == "5")
    #expect(request.headers["expect"] == nil)
    #expect(request.body == Array("hello".utf8))
  }

  @Test(arguments: ["GET", "PUT", "DELETE", "HEAD", "PATCH"]) func methodsGoOutAsTheyAre(_ method: String) async throws
  {
    let server = try ScriptedHTTPServer { request, connection in
      connection.respond(200, body: request.method == "HEAD" ? [] : Array(request.method.utf8))
    }
    let http = HTTPClient()
    let response = try await http.request(HTTPClient.Request(method, server.url))
    #expect(response.text == (method == "HEAD" ? "" : method))
    #expect(server.requests.map(\.method) == [method])
  }

  @Test func anyStatusIsAResponse() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(503, body: Array("busy".utf8)) }
    let http = HTTPClient()
    let response = try await http.get(server.url)
    #expect(response.status == 503)
    #expect(!response.isSuccess)
    #expect(response.text == "busy")
  }

  @Test func aFileIsSentWholeAndToldOf() async throws {
    let folder = try TemporaryFolder("xtblish-curl")
    let content = String(repeating: "0123456789abcdef", count: 100_000)
    try writeFile(folder.path("big"), content)
    let server = try ScriptedHTTPServer { request, connection in
      connection.respond(200, body: Array("\(request.body.count)".utf8))
    }
    let (progress, report) = AsyncStream.makeStream(of: HTTPClient.Progress.self)
    let http = HTTPClient()
    let response = try await http.request(
      HTTPClient.Request("PUT", server.url, body: .file(path: folder.path("big"))) { report.yield($0) })
    report.finish()
    #expect(response.text == "1600000")
    var last: HTTPClient.Progress?
    for await step in progress { last = step }
    #expect(last?.sentBytes == 1_600_000)
    #expect(last?.totalToSendBytes == 1_600_000)
  }

  @Test func aMissingFileIsToldBeforeAnythingIsSent() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(200) }
    let http = HTTPClient()
    for path in ["/nonexistent/file", "/tmp"] {
      let error = await #expect(throws: CurlError.self) {
        try await http.request(HTTPClient.Request("PUT", server.url, body: .file(path: path)))
      }
      #expect(error?.code == .sourceFailed)
      #expect(error?.message.contains(path) == true)
    }
    #expect(server.requests.isEmpty)
  }

  @Test func redirectsAreNotFollowedUnlessAskedFor() async throws {
    let target = try ScriptedHTTPServer { _, connection in connection.respond(200, body: Array("there".utf8)) }
    let server = try ScriptedHTTPServer { [url = target.url] _, connection in
      connection.respond(302, headers: ["Location: \(url)/"], body: Array("go there".utf8))
    }
    let http = HTTPClient()
    let refused = try await http.get(server.url)
    #expect(refused.status == 302)
    #expect(refused["Location"] == target.url + "/")
    #expect(target.requests.isEmpty)
    let followed = try await http.request(HTTPClient.Request("GET", server.url, maximumRedirects: 1))
    #expect(followed.text == "there")
    #expect(followed["Location"] == nil)
  }

  @Test func aRedirectCircleEnds() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(302, headers: ["Location: /again"]) }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) {
      try await http.request(HTTPClient.Request("GET", server.url, maximumRedirects: 3))
    }
    #expect(error?.code == .tooManyRedirects)
    #expect(server.requests.count == 4)
  }

  @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "nonsense://x", "http://", ""])
  func otherSchemesAreRefused(_ url: String) async {
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) { try await http.get(url) }
    #expect(error?.code == .invalidRequest)
  }

  @Test func aRedirectToAFileIsRefused() async throws {
    let server = try ScriptedHTTPServer { _, connection in
      connection.respond(302, headers: ["Location: file:///etc/passwd"])
    }
    let http = HTTPClient()
    let error = await #expect(throws: CurlError.self) {
      try await http.request(HTTPClient.Request("GET", server.url, maximumRedirects: 3))
    }
    #expect(error?.code == .invalidRequest)
  }

  @Test func whatWouldBreakTheRequestIsRefused() async {
    let http = HTTPClient()
    let requests = [
      HTTPClient.Request("GET", "http://127.0.0.1:1/", headers: [.init("X", "a\r\nY: b")]),
      HTTPClient.Request("GET", "http://127.0.0.1:1/", headers: [.init("X\r\nY", "a")]),
      HTTPClient.Request("GET", "http://127.0.0.1:1/", headers: [.init("", "a")]),
      HTTPClient.Request("GET /x", "http://127.0.0.1:1/"),
      HTTPClient.Request("", "http://127.0.0.1:1/"),
      HTTPClient.Request("GET", "http://127.0.0.1:1/ a"),
      HTTPClient.Request("GET", "http://127.0.0.1:1/\r\nX: y"),
    ]
    for request in requests {
      let error = await #expect(throws: CurlError.self) { try await http.request(request) }
      #expect(error?.code == .invalidRequest)
    }
  }

  @Test func oneClientDoesManyRequestsAtOnce() async throws {
    let server = try ScriptedHTTPServer { request, connection in connection.respond(200, body: Array(request.path.utf8))
    }
    let http = HTTPClient(HTTPClient.Configuration(maximumConnections: 8))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let response = try await http.get("\(server.url)/\(number)")
          #expect(response.text == "/\(number)")
        }
      }
      try await group.waitForAll()
    }
    #expect(server.requests.count == 200)
  }
}
