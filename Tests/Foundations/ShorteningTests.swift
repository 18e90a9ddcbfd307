import Foundations
import TestSupport
import Testing

@Suite(.seated) struct ShorteningTests {
  @Test(arguments: [
    ("", ""), ("Größe 21 °C", "Größe 21 °C"), ("a\r\nb", "a  b"), ("\u{0}\u{1F}\u{7F}", "   "),
    // C1: among them a line break, and what begins a terminal's commands.
    ("a\u{80}b\u{85}c\u{9B}2J\u{9F}", "a b c 2J "), ("\u{A0}", "\u{A0}"),
  ])
  func noControlCharacterIsLeftInALine(text: String, line: String) {
    #expect(text.onOneLine.unicodeScalars.elementsEqual(line.unicodeScalars))
  }

  @Test func aPrefixHoldsWholeCharacters() {
    #expect("aü🚀".prefixOfUTF8(2) == "a")
    #expect("aü🚀".prefixOfUTF8(3) == "aü")
    #expect("aü🚀".prefixOfUTF8(6) == "aü")
    #expect("aü🚀".prefixOfUTF8(7) == "aü🚀")
  }
}
