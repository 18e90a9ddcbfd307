import HTTPTypes
import ServiceHTTP
import TestSupport
import Testing

@Suite(.seated) struct TraceParentTests {
  @Test func validOnesAreKept() throws {
    let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let parent = try #require(TraceParent(text))
    #expect(parent.description == text)
    let child = parent.child()
    #expect(child.traceID == parent.traceID && child.flags == "01" && child.spanID != parent.spanID)
    #expect(TraceParent(TraceParent().description) != nil)
    #expect(TraceParent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra") != nil)
  }

  @Test(arguments: [
    "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
    "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", "00-４bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
  ])
  func othersAreNot(_ text: String) {
    #expect(TraceParent(text) == nil)
  }
}

@Suite(.seated) struct PercentEncodingTests {
  @Test func anyTextComesBackFromItsEncoding() {
    for text in ["", "plain", "a b/c?d&e=f%g", "ü€😀", "\u{0}\u{7F}"] {
      #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
    }
    #expect(PercentEncoding.encode("a/b ü") == "a%2Fb%20%C3%BC")
  }

  @Test(arguments: ["%", "%a", "%g0", "%0g", "a%", "%ff", "%c0%af", "%ed%a0%80", "%%41"])
  func aBrokenEncodingIsRefused(_ text: String) {
    #expect(PercentEncoding.decode(text) == nil)
  }
}

@Suite(.seated) struct ProblemDocumentTests {
  @Test func membersCannotReplaceTheStandardOnes() {
    let document = ProblemDocument(
      .notFound, reason: "unknown-device", detail: "d",
      members: ["status": .number(200), "zone": .texts(["a"]), "flag": .bool(true)])
    #expect(
      String(decoding: document.encoded(), as: UTF8.self)
        == #"{"detail":"d","flag":true,"reason":"unknown-device","status":404,"title":"Not Found","type":"urn:xtblish:problem:unknown-device","zone":["a"]}"#
    )
  }
}
