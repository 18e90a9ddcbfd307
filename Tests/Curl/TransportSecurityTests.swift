import Curl
import TestSupport
import Testing

/// An HTTPS server of the `openssl` program, which answers every GET with a page about the connection.
private final class TLSServer: Sendable {
  let port: FreePort
  let process: ChildProcess

  init(_ leaf: TestAuthority.Leaf, _ arguments: [String] = []) async throws {
    port = try FreePort()
    process = try ChildProcess(
      "openssl",
      [
        "s_server", "-accept", "127.0.0.1:\(port.number)", "-cert", leaf.certificateFile, "-cert_chain",
        leaf.certificateFile, "-key", leaf.keyFile, "-www",
      ] + arguments)
    try await process.waitForLine(containing: "ACCEPT")
  }

  var url: String { "https://127.0.0.1:\(port.number)/" }
}

private func client(_ tls: HTTPTLS) -> HTTPClient { HTTPClient(HTTPClient.Configuration(tls: tls)) }

@Suite(.seated, .timeLimit(.minutes(10))) struct TransportSecurityTests {
  @Test func anAuthorityInAFileOrInMemoryIsTrusted() async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(authority.leaf("server", usage: .server))
    let pem = Array(try #require(readFile(authority.caFile)).utf8)
    for tls in [HTTPTLS(caFile: authority.caFile), HTTPTLS(caPEM: pem)] {
      #expect(try await client(tls).get(server.url).status == 200)
    }
  }

  @Test func anAuthorityThatWasNotNamedIsNotTrusted() async throws {
    let (authority, stranger) = (try await TestAuthority(), try await TestAuthority())
    let server = try await TLSServer(authority.leaf("server"))
    let pem = Array(try #require(readFile(stranger.caFile)).utf8)
    for tls in [HTTPTLS.system, HTTPTLS(caFile: stranger.caFile), HTTPTLS(caPEM: pem)] {
      let error = await #expect(throws: CurlError.self) { try await client(tls).get(server.url) }
      #expect(error?.code == .tlsFailed, "\(String(describing: error))")
      #expect(error?.isTransient == false)
    }
  }

  @Test func wrongServersAreRefused() async throws {
    let authority = try await TestAuthority()
    let leaves = [
      try await authority.leaf("other-name", alternativeNames: "DNS:localhost"),
      try await authority.leaf("other-address", alternativeNames: "IP:127.0.0.2"),
      try await authority.leaf("expired", days: -1),
      try await authority.leaf("client-only", usage: .client),
    ]
    for leaf in leaves {
      let server = try await TLSServer(leaf)
      let error = await #expect(throws: CurlError.self) {
        try await client(HTTPTLS(caFile: authority.caFile)).get(server.url)
      }
      #expect(error?.code == .tlsFailed, "\(leaf.certificateFile): \(String(describing: error))")
    }
  }

  @Test func aServerThatSpeaksOldTLSIsRefused() async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(authority.leaf("server"), ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"])
    let error = await #expect(throws: CurlError.self) {
      try await client(HTTPTLS(caFile: authority.caFile)).get(server.url)
    }
    #expect(error?.code == .tlsFailed)
  }

  @Test func theServerSeesTheClientsCertificate() async throws {
    let authority = try await TestAuthority()
    let (serverLeaf, leaf) = (try await authority.leaf("server"), try await authority.leaf("device", usage: .client))
    let plain = try ScriptedHTTPServer { _, connection in connection.respond(200) }
    let server = try await TLSProxy(
      port: plain.port, certificateFile: serverLeaf.certificateFile, keyFile: serverLeaf.keyFile,
      caFile: authority.caFile)
    let http = client(
      HTTPTLS(caFile: authority.caFile, certificateFile: leaf.certificateFile, keyFile: leaf.keyFile))
    #expect(try await http.get(server.url).status == 200)
    #expect(try await client(HTTPTLS(caFile: authority.caFile)).get(server.url).status == 200)
    #expect(server.peers == ["device", "-"])
  }

  @Test func aServerThatWantsACertificateIsTold() async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(
      authority.leaf("server"), ["-Verify", "3", "-verify_return_error", "-CAfile", authority.caFile])
    let stranger = try await TestAuthority().leaf("foreign")
    let good = try await authority.leaf("device")
    func tls(_ leaf: TestAuthority.Leaf?) -> HTTPTLS {
      HTTPTLS(caFile: authority.caFile, certificateFile: leaf?.certificateFile, keyFile: leaf?.keyFile)
    }
    for leaf in [nil, stranger] {
      await #expect(throws: CurlError.self) { try await client(tls(leaf)).get(server.url) }
    }
    #expect(try await client(tls(good)).get(server.url).status == 200)
  }

  @Test func filesThatAreMissingOrDoNotFitAreTold() async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(authority.leaf("server"))
    let (one, other) = (try await authority.leaf("one"), try await authority.leaf("other"))
    let cases: [(HTTPTLS, String)] = [
      (HTTPTLS(caFile: "/nonexistent/ca.pem"), "/nonexistent/ca.pem"),
      (HTTPTLS(caFile: authority.caFile, certificateFile: one.certificateFile), "go together"),
      (
        HTTPTLS(caFile: authority.caFile, certificateFile: one.certificateFile, keyFile: "/nonexistent/key"),
        "/nonexistent/key"
      ),
      (HTTPTLS(caFile: authority.caFile, certificateFile: one.certificateFile, keyFile: other.keyFile), "key"),
      (HTTPTLS(caPEM: Array("no certificate".utf8)), "TLS"),
    ]
    for (tls, hint) in cases {
      let error = await #expect(throws: CurlError.self) { try await client(tls).get(server.url) }
      #expect(error?.code == .tlsFailed, "\(String(describing: error))")
      #expect(error?.message.contains(hint) == true, "\(String(describing: error))")
    }
  }

  @Test func anUnverifiedServerIsAskedButToldNothing() async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(authority.leaf("server"))
    #expect(try await client(.unverified).get(server.url).status == 200)
    let token = try #require(BearerToken("secret"))
    let leaf = try await authority.leaf("device")
    let configurations = [
      HTTPClient.Configuration(tls: .unverified, bearerToken: token),
      HTTPClient.Configuration(
        tls: HTTPTLS(authority: .unverified, certificateFile: leaf.certificateFile, keyFile: leaf.keyFile)),
    ]
    for configuration in configurations {
      let error = await #expect(throws: CurlError.self) { try await HTTPClient(configuration).get(server.url) }
      #expect(error?.code == .tlsFailed)
    }
  }
}

@Suite(.seated) struct BearerTokenTests {
  private static let token = BearerToken("abc.DEF-123_~+/=")!

  private static let http = HTTPClient(HTTPClient.Configuration(bearerToken: token))

  @Test func itGoesWithEachRequest() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(200) }
    _ = try await Self.http.get(server.url)
    #expect(server.requests.first?.headers["authorization"] == "Bearer abc.DEF-123_~+/=")
  }

  @Test func aHeaderOfTheRequestsOwnWins() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(200) }
    _ = try await Self.http.get(server.url, headers: [.init("authorization", "Basic x")])
    #expect(server.requests.first?.headers["authorization"] == "Basic x")
  }

  @Test func aRedirectToAnotherServerLeavesItBehind() async throws {
    let other = try ScriptedHTTPServer { _, connection in connection.respond(200) }
    let server = try ScriptedHTTPServer { [url = other.url] _, connection in
      connection.respond(302, headers: ["Location: \(url)/"])
    }
    _ = try await Self.http.request(HTTPClient.Request("GET", server.url, maximumRedirects: 1))
    #expect(server.requests.first?.headers["authorization"] != nil)
    #expect(other.requests.count == 1)
    #expect(other.requests.first?.headers["authorization"] == nil)
  }

  @Test(arguments: [
    "http://192.0.2.1/", "http://localhost.invalid/", "http://127.0.0.1.invalid/", "http://localhost@192.0.2.1/",
    "http://127.0.0.1@192.0.2.1/",
  ])
  func itIsNotSentInTheClear(_ url: String) async {
    let error = await #expect(throws: CurlError.self) { try await Self.http.get(url) }
    #expect(error?.code == .invalidRequest)
    #expect(error?.message.contains("abc") == false)
  }

  @Test(arguments: ["", "a b", "a\r\nX: y", "a\0", "ü"]) func whatNoHeaderMayHoldIsNoToken(_ text: String) {
    #expect(BearerToken(text) == nil)
  }

  @Test func printingItShowsNothing() {
    let configuration = HTTPClient.Configuration(bearerToken: Self.token)
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: Self.token), dumped] { #expect(!text.contains("abc")) }
  }
}
