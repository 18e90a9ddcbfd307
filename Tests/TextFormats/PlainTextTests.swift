import Foundation
import TestSupport
import Testing
import TextFormats

/// Text of apps, devices and clients on its way to a terminal.
@Suite(.seated) struct PlainTextTests {
  static let unsafe: [Unicode.Scalar] = [
    "\u{0}", "\u{1B}", "\u{7F}", "\u{9B}", "\u{AD}", "\u{61C}", "\u{200B}", "\u{200E}", "\u{2028}", "\u{202A}",
    "\u{202E}",
    "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{E0041}",
  ]

  @Test(arguments: unsafe) func nothingTurnsOrHidesTheText(_ scalar: Unicode.Scalar) {
    #expect(PlainText.escaped("a\(scalar)b") == "a\\u{\(String(scalar.value, radix: 16))}b")
  }

  @Test func whatPeopleWriteStays() {
    for text in ["Grüße", "日本語", "שלום", "مرحبا", "👩‍🚀", "ﬁ", "a\u{301}"] { #expect(PlainText.escaped(text) == text) }
  }

  @Test(arguments: unsafe) func jsonStaysTheSameDocument(_ scalar: Unicode.Scalar) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .prettyPrinted
    let bytes = try encoder.encode(["key": "a\(scalar)b"])
    let text = PlainText.escaped(json: String(decoding: bytes, as: UTF8.self))
    #expect(!text.unicodeScalars.contains(scalar))
    #expect(try JSONDecoder().decode([String: String].self, from: Data(text.utf8)) == ["key": "a\(scalar)b"])
  }
}
