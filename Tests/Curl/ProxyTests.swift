import Curl
import TestSupport
import Testing

@Suite(.seated) struct ProxyTests {
  @Test func requestsGoThroughTheProxyExceptToHostsThatAreNamed() async throws {
    let proxy = try ScriptedHTTPServer { _, connection in connection.respond(200, body: Array("proxy".utf8)) }
    let direct = try ScriptedHTTPServer { _, connection in connection.respond(200, body: Array("direct".utf8)) }
    let client = HTTPClient(
      HTTPClient.Configuration(proxy: HTTPClient.Proxy(url: proxy.url, exceptions: ["127.0.0.1", "internal.example"])))
    defer { client.close() }
    // Nobody but the proxy could know this host.
    #expect(try await client.get("http://images.invalid/x").text == "proxy")
    #expect(proxy.requests.map(\.path) == ["http://images.invalid/x"])
    #expect(try await client.get(direct.url + "/y").text == "direct")
    #expect(proxy.requests.count == 1)
  }

  @Test func aRedirectThatIsNotFollowedSaysWhereItLeads() async throws {
    let server = try ScriptedHTTPServer { _, connection in connection.respond(302, headers: ["Location: ../there?q=1"])
    }
    let client = HTTPClient()
    defer { client.close() }
    let response = try await client.get(server.url + "/a/b/c")
    #expect(response.status == 302 && response.redirectURL == server.url + "/a/there?q=1")
  }
}
