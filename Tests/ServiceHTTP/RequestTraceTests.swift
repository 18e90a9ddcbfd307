import Foundations
import Hummingbird
import ServiceHTTP
import TestSupport
import Testing

/// Which trace a request belongs to, as its handler sees it.
@Suite(.seated) struct RequestTraceTests {
  private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

  private func asking(_ headers: String) async throws -> (body: [Substring], requestID: String?) {
    try await withServer(routes: { router in
      router.get("/trace") { _, _ in
        TraceContext.current.map { "\($0.traceID) \($0.parentSpanID ?? "-") \($0.isSampled) \($0.requestID)" } ?? "none"
      }
    }) { port in
      let response = try get(port, "/trace", headers: headers)
      return (response.body.split(separator: " "), response.headers["x-request-id"])
    }
  }

  @Test func aHandlerIsAPartOfTheClientsTrace() async throws {
    let (body, requestID) = try await asking(
      "traceparent: 00-\(Self.traceID)-00f067aa0ba902b7-01\r\nX-Request-Id: build-7\r\n")
    #expect(body == [Self.traceID[...], "00f067aa0ba902b7", "true", "build-7"] && requestID == "build-7")
  }

  @Test(arguments: ["", "traceparent: 00-zz-00f067aa0ba902b7-01\r\n"])
  func aRequestWithoutATraceBeginsOneThatIsNotExported(_ headers: String) async throws {
    let (body, requestID) = try await asking(headers)
    #expect(body.count == 4 && body[0].count == 32 && body[0] != Self.traceID && body[1] == "-" && body[2] == "false")
    #expect(requestID.map { $0[...] } == body[3])
  }
}
