import Foundations
import TestSupport
import Testing

@Suite(.seated) struct FieldTextTests {
  private func failure(_ body: () throws(RequestFailure) -> Void) -> RequestFailure? {
    do throws(RequestFailure) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  @Test func aTextWithinTheRulesStaysAsItIs() throws {
    #expect(try FieldText.printable("Größe 1", field: "name", length: 1...7) == "Größe 1")
    #expect(try FieldText.visible("sensor-1", field: "name", length: 1...8) == "sensor-1")
    #expect(try FieldText.printable("", field: "name", length: 0...8).isEmpty)
  }

  @Test(arguments: [
    ("", "name is empty: give at least 1 character"),
    ("123456789", "name is too long: at most 8 characters are allowed"),
    (String(repeating: "x", count: 100_000), "name is too long: at most 8 characters are allowed"),
    ("a\u{0}b", "name contains the control character U+0000: remove it"),
    ("a\u{1B}[1m", "name contains the control character U+001B: remove it"),
    ("a\u{85}", "name contains the control character U+0085: remove it"),
  ])
  func aTextThatBreaksARuleIsToldWhich(text: String, message: String) {
    let failure = failure { () throws(RequestFailure) in _ = try FieldText.printable(text, field: "name", length: 1...8)
    }
    #expect(failure?.code == .invalid && failure?.reason == "invalid-name" && failure?.message == message)
  }

  @Test func lengthsCountScalarsNotLettersOrBytes() {
    // One letter of two scalars.
    let text = "e\u{301}"
    #expect(
      failure { () throws(RequestFailure) in _ = try FieldText.printable(text, field: "x", length: 1...2) } == nil)
    #expect(
      failure { () throws(RequestFailure) in _ = try FieldText.printable(text, field: "x", length: 1...1) } != nil)
  }

  @Test func whatCantBeSeenIsNoName() {
    let failure = failure { () throws(RequestFailure) in _ = try FieldText.visible(" ", field: "name", length: 1...8) }
    #expect(failure?.reason == "invalid-name")
  }

  @Test func tagsComeWithoutDoublesSortedByTheirBytes() throws {
    #expect(try FieldText.tags(["b", "a", "b", "B"], count: 4, length: 1...2) == ["B", "a", "b"])
    let many = failure { () throws(RequestFailure) in
      _ = try FieldText.tags(["a", "b", "c"], count: 2, length: 1...2)
    }
    #expect(many?.reason == "invalid-tags" && many?.message == "tags has 3 entries: at most 2 are allowed")
  }
}
