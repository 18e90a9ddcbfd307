import Foundations
import TestSupport
import Testing

/// Names that come from outside are bytes.
@Suite(.seated) struct ByteTextTests {
  private let composed = "caf\u{E9}"
  private let decomposed = "cafe\u{301}"

  @Test func whatLooksAlikeDiffers() {
    #expect(composed == decomposed)
    #expect(ByteText(composed) != ByteText(decomposed))
    #expect(Set([ByteText(composed), ByteText(decomposed)]).count == 2)
    // U+212A is K to Swift.
    #expect(ByteText("\u{212A}") != "K")
    var values: [ByteText: Int] = [:]
    values[composed] = 1
    values[decomposed] = 2
    #expect(values[composed] == 1 && values[decomposed] == 2)
    #expect([ByteText("b"), "\u{E9}", "a"].sorted().map(\.text) == ["a", "b", "\u{E9}"])
  }

  @Test func linesEndInLFOrCRLF() {
    #expect("a\r\nb\nc".linesOfText == ["a", "b", "c"])
    #expect("a = 1\r\n\r\n".linesOfText == ["a = 1", "", ""])
  }

  @Test func slashesCutTopics() {
    #expect("/a/\u{301}b//".levelsOfTopic.map { Array($0.utf8) } == [[], [97], [0xCC, 0x81, 98], [], []])
  }

  @Test func aPrefixIsBytes() {
    #expect("/apps/1/\u{301}x".text(behind: "/apps/1/").map { Array($0.utf8) } == [0xCC, 0x81, 120])
    #expect("/apps/1".text(behind: "/apps/1/") == nil)
    #expect("caf\u{E9}/x".text(behind: "cafe\u{301}/") == nil)
    #expect("abc".text(behind: "") == "abc" && "abc".text(behind: "abc") == "")
  }

  @Test func randomNamesAreTheirSixteenDigits() {
    #expect(RandomName.text(0) == "" && RandomName.number("") == 0)
    #expect(RandomName.text(0xAB) == "00000000000000ab" && RandomName.number("00000000000000ab") == 0xAB)
    #expect(RandomName.number("ab") == nil && RandomName.number("00000000000000zz") == nil)
    #expect(RandomName.number(RandomName.text(.max)) == .max && RandomName.make() != 0)
  }

  @Test func whatIsShownIsHarmless() {
    #expect(ByteText("a\u{202E}b\nc").shown == "a\\u{202e}b\\u{a}c")
    #expect(ByteText(String(repeating: "x", count: 1000)).shown.count == 81)
  }
}
