import Foundation
import TestSupport
import Testing
import TextFormats

/// What other readers of JSON would take for something else, or not at all, is refused with where and why.
@Suite(.seated) struct JSONSyntaxTests {
  @Test(
    arguments: [
      (#"{"a":1,}"#, 1, 8, "comma"), (#"[1,]"#, 1, 4, "comma"), (#"[,1]"#, 1, 2, "value"), (#"{,}"#, 1, 2, "key"),
      (#"{"a":1,"a":2}"#, 1, 8, "twice"), (#"{"a":1,"\u0061":2}"#, 1, 8, "twice"),
      ("{\n  \"é\": 1,\n  \"e\u{301}\": 2\n}", 3, 3, "twice"), (#"{"x":{"b":1,"b":1}}"#, 1, 13, "twice"),
      (#"{"a":"\ud800"}"#, 1, 7, "surrogate"), (#""\udc00""#, 1, 2, "surrogate"), (#""\ud800x""#, 1, 2, "surrogate"),
      (#""\ud800A""#, 1, 2, "surrogate"), (#""\ud83d\ud83d""#, 1, 2, "surrogate"), (#""\u12g4""#, 1, 2, "digits"),
      (#""\u12""#, 1, 2, "digits"), (#""\x41""#, 1, 2, "escape"), ("\"a\tb\"", 1, 3, "control"),
      ("\"a\nb\"", 1, 3, "control"),
      (#""abc"#, 1, 1, "no end"), ("1e400", 1, 1, "larger"), ("-1e400", 1, 1, "larger"),
      ("18446744073709551616", 1, 1, "larger"), ("-9223372036854775809", 1, 1, "larger"), ("01", 1, 1, "zero"),
      ("-", 1, 1, "digit"), ("1.", 1, 1, "digit"), ("1e", 1, 1, "digit"), ("+1", 1, 1, "value"), (".5", 1, 1, "value"),
      ("NaN", 1, 1, "value"), ("Infinity", 1, 1, "value"), ("True", 1, 1, "value"), ("tru", 1, 1, "lower case"),
      ("'a'", 1, 1, "value"), ("{a:1}", 1, 2, "quotes"), (#"{"a" 1}"#, 1, 6, "colon"),
      (#"{"a":1 "b":2}"#, 1, 8, "comma"),
      ("[1 2]", 1, 4, "comma"), ("{} {}", 1, 4, "more"), ("1 // one", 1, 3, "more"), ("", 1, 1, "ends"),
      ("[", 1, 2, "ends"), ("{\"a\":", 1, 6, "ends"), ("\u{FEFF}{}", 1, 1, "byte order mark"),
      ("[\u{A0}1]", 1, 2, "value"),
    ] as [(String, Int, Int, String)])
  func refused(_ text: String, _ line: Int, _ column: Int, _ why: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONSyntax.check(Array(text.utf8)) }
    #expect(
      error?.line == line && error?.column == column && error?.problem.contains(why) == true, "\(text): \(error as Any)"
    )
    // The one way to read JSON is this way.
    #expect(throws: DecodingError.self) { try JSONCoding.decode(Anything.self, from: Array(text.utf8)) }
  }

  @Test(arguments: [
    [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22],
  ])
  func whatIsNotUTF8IsRefused(_ bytes: [UInt8]) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONSyntax.check(Array("[\n 1, ".utf8) + bytes) }
    #expect(error?.line == 2 && error?.problem.contains("UTF-8") == true, "\(error as Any)")
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
    }
    try JSONSyntax.check(nested(JSONSyntax.maximumDepth))
    #expect(throws: JSONSyntaxError.self) { try JSONSyntax.check(nested(1_000_000)) }
  }

  @Test(
    arguments: [
      "{}", "[]", " [ 1 , 2 ] ", "\"\"", "null", "true", "false", "0", "-0", "-1.5e+3", "1E5", "18446744073709551615",
      "-9223372036854775808", #"{"a":{"a":1},"b":[{"a":2}]}"#, #""\ud83d\ude00 \" \\ \/ \b\f\n\r\t \u00e4""#, "\"ä€😀\"",
      "\t{\r\n\"a\" : [ ] }\n", #""\u0000""#, "0.1", "1e-400",
    ])
  func taken(_ text: String) throws {
    try JSONSyntax.check(Array(text.utf8))
  }

  @Test func allThatIsWrittenIsReadAgain() throws {
    let value = ["ä\u{7F}\u{2028}\u{1F600}": ["\u{0}\u{1F}\"\\/"], "": []]
    #expect(
      try JSONCoding.decode([String: [String]].self, from: JSONCoding.encoder(pretty: true).encode(value)) == value)
  }

  @Test(
    arguments: [
      "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01", "2026-01-01 00:00:00Z",
      "2026-1-1T00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00Zx", "+2026-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "２026-01-01T00:00:00Z",
    ])
  func noSuchTime(_ text: String) {
    #expect(JSONCoding.date(text) == nil)
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2024-02-29T12:00:00Z", 1_709_208_000), ("2000-02-29T00:00:00Z", 951_782_400),
      ("2026-11-22T14:06:00Z", 1_795_356_360), ("2026-11-22T15:06:00+01:00", 1_795_356_360),
      ("2026-11-22T08:36:00-05:30", 1_795_356_360), ("1969-12-31T23:59:59Z", -1),
      ("0001-01-01T00:00:00Z", -62_135_596_800),
      ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] as [(String, Double)])
  func aTimeIsReadWithItsOffset(_ text: String, _ seconds: Double) {
    #expect(JSONCoding.date(text)?.timeIntervalSince1970 == seconds)
  }

  @Test func fractionsOfTimes() throws {
    let date = try #require(JSONCoding.date("2026-11-22T14:06:00.125Z"))
    #expect(abs(date.timeIntervalSince1970 - 1_795_356_360.125) < 1e-6)
    #expect(JSONCoding.text(of: date) == "2026-11-22T14:06:00.125Z")
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}
