import FirmwareImage
import Foundations
import TestSupport
import Testing

@Suite(.seated) struct NameTextTests {
  /// Alone, at the end and within: nobody sees them, so no name may have them.
  @Test(
    arguments: [
      "\u{200B}", "\u{61C}", "\u{FEFF}", "\u{AD}", "\u{200C}", "\u{200D}", "\u{200E}", "\u{200F}", "\u{202A}",
      "\u{202E}",
      "\u{2060}", "\u{2066}", "\u{2069}", "\u{34F}", "\u{115F}", "\u{3164}", "\u{FFA0}", "\u{180E}", "\u{FE0F}",
      "\u{E0001}", "\u{E0100}", "\u{2028}", "\u{2029}", "\u{0}", "\u{7F}", "\u{85}", "\u{1B}", "\u{FFFE}", "\u{1D173}",
    ] as [Unicode.Scalar])
  func whatNobodySeesIsNoPartOfAName(_ scalar: Unicode.Scalar) {
    for text in ["\(scalar)", "a\(scalar)", "\(scalar)a", "a\(scalar)b"] {
      #expect(NameText.problem(text)?.contains("U+") == true, "U+\(String(scalar.value, radix: 16))")
      #expect(throws: ImageFormatError.self) { try AppLabel.naming(text) }
    }
  }

  @Test(arguments: [" ", "a ", " a", "\u{A0}", "a\u{A0}", "\u{3000}a", "\u{2800}", "a\u{FFFD}"])
  func blanksAtTheEdgesAndDamage(_ text: String) {
    #expect(NameText.problem(text) != nil)
  }

  @Test(arguments: [
    "", "a", "Wärme", "e\u{301}", "日本 1", "مضخة", "a b", "😀", "\u{0915}\u{094D}\u{0937}", "x-1_2.3:4/5",
  ])
  func names(_ text: String) {
    #expect(NameText.problem(text) == nil)
  }

  /// An image that was signed before the rule is still what it was.
  @Test func olderImagesAreStillRead() throws {
    #expect(try AppLabel("a\u{200B}").text == "a\u{200B}")
  }
}
