import HTTPTypes
import ServiceHTTP
import TestSupport
import Testing

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
