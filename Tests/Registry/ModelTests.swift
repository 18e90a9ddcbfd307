import Foundations
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryClient
@testable import RegistryDomain

@Suite(.seated) struct FieldRulesTests {
  @Test(arguments: [
    "", "a\0b", "a\u{1}", "tab\t", "line\n", "\u{7F}", "\u{85}", "\u{9F}", String(repeating: "x", count: 129),
    String(repeating: "💡", count: 129), String(repeating: "x", count: 10_000_000),
  ])
  func badNamesAreRefused(name: String) {
    let failure = #expect(throws: RequestFailure.self) { try FieldRules.name(name) }
    #expect(failure?.code == .invalid)
    #expect(failure?.reason == "invalid-name")
  }

  @Test(arguments: ["x", "Ünï code 💡", "'; drop table devices; --", "%_\\", String(repeating: "💡", count: 128)])
  func goodNamesStayAsTheyAre(name: String) throws {
    #expect(try FieldRules.name(name) == name)
  }

  @Test func tagsAreSortedOnce() throws {
    #expect(try FieldRules.tags(["b", "a", "b", "Z"]) == ["Z", "a", "b"])
    #expect(throws: RequestFailure.self) { try FieldRules.tags((0...32).map { "t\($0)" }) }
    #expect(throws: RequestFailure.self) { try FieldRules.tags([""]) }
    // "é" in one piece and in two are two tags.
    #expect(try FieldRules.tags(["caf\u{E9}", "cafe\u{301}"]).count == 2)
  }

  @Test func aDevicesWordsAreMadeFit() {
    #expect(FieldRules.sanitizedReason("out of\nmemory\0") == "out of\u{FFFD}memory\u{FFFD}")
    #expect(FieldRules.sanitizedReason(String(repeating: "x", count: 1_000_000)).count == 512)
  }

  @Test func aPageHasADefaultAndABound() throws {
    #expect(try FieldRules.pageSize(0) == 50)
    #expect(try FieldRules.pageSize(500) == 500)
    #expect(throws: RequestFailure.self) { try FieldRules.pageSize(501) }
    #expect(throws: RequestFailure.self) { try FieldRules.pageSize(.max) }
  }
}

@Suite(.seated) struct DeviceCursorTests {
  @Test(arguments: ["a", "Ünï 💡", String(repeating: "💡", count: 128), "~>?~~"])
  func aCursorIsReadAsItWasWritten(name: String) throws {
    let cursor = DeviceCursor(name: name, id: .random())
    #expect(cursor.text.utf8.count <= DeviceCursor.maximumLength)
    #expect(try DeviceCursor(cursor.text) == cursor)
  }

  @Test func everythingElseIsRefused() throws {
    let id = DeviceID.random()
    let good = DeviceCursor(name: "sensor", id: id).text
    let bad = [
      "", "x", "AAAA", "0", good + "0", good + "g0", String(good.dropLast()), good.uppercased(), " " + good,
      good + "\n",
      String(good.prefix(32)), String(good.prefix(30)), "💡", String(repeating: "41", count: 5000), good + "ff",
      good + "c0af", good + "eda080", good + "00", good + "0a", good + "7f", good + "c285",
      DeviceCursor(name: String(repeating: "x", count: 129), id: id).text,
    ]
    for text in bad {
      let failure = #expect(throws: RequestFailure.self, "\(text)") { try DeviceCursor(text) }
      #expect(failure?.reason == "invalid-cursor")
      #expect((try? Regex(DeviceCursor.pattern).wholeMatch(in: text)) ?? nil == nil, "\(text)")
    }
  }

  @Test(arguments: ["a", "~ é", "\u{A0}ÿ\u{7FF}", "\u{800}\u{D7FF}\u{E000}\u{FFFF}", "\u{10000}\u{10FFFF}💡"])
  func thePatternFitsAllNames(name: String) throws {
    let text = DeviceCursor(name: name, id: .random()).text
    #expect(try Regex(DeviceCursor.pattern).wholeMatch(in: text) != nil)
    #expect(try DeviceCursor(text).name == name)
  }
}

@Suite(.seated) struct DeviceFilterTests {
  @Test(arguments: [
    ("a", "b"), ("az", "a{"), ("a\u{10FFFF}", "b"), ("\u{D7FF}", "\u{E000}"), ("x\u{10FFFF}\u{10FFFF}", "y"),
  ])
  func upperBounds(prefix: String, bound: String) {
    #expect(DeviceFilter.upperBound(ofPrefix: prefix) == bound)
  }

  @Test func thereIsNothingAboveTheLastCharacter() {
    #expect(DeviceFilter.upperBound(ofPrefix: "\u{10FFFF}") == nil)
    #expect(DeviceFilter.upperBound(ofPrefix: "") == nil)
  }

  @Test func aStateIsReadByItsExactWord() throws {
    #expect(try DeviceFilter(namePrefix: "", tags: [], state: "pending").state == .deployment(.pending))
    #expect(try DeviceFilter(namePrefix: "", tags: [], state: "") == .all)
    #expect(throws: RequestFailure.self) { try DeviceFilter(namePrefix: "", tags: [], state: "Pending") }
  }

  @Test func whatIsWrittenAsJSONIsReadAsItWas() {
    let value = JSONValue.object([
      "list": .array([.null, .bool(true), .integer(.min), .number(1.5), .number(1e300)]), "": .object([:]),
      "text": .string("a\"b\\c\n\u{1}é☠/"),
    ])
    #expect(JSONValue(parsing: Array(value.text.utf8)) == value)
    #expect(JSONValue.object(["b": .integer(1), "a": .string("\u{1F}")]).text == #"{"a":"\u001f","b":1}"#)
  }
}
