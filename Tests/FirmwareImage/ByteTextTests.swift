import FirmwareImage
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

  @Test func whatIsShownIsHarmless() {
    #expect(ByteText("a\u{202E}b\nc").shown == "a\\u{202e}b\\u{a}c")
    #expect(ByteText(String(repeating: "x", count: 1000)).shown.count == 81)
  }
}
