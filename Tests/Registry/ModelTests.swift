import FirmwareImage
import Testing
import Wire

@testable import RegistryCore

@Suite struct FieldRulesTests {
  @Test(arguments: [
    "", "a\0b", "a\u{1}", "tab\t", "line\n", "\u{7F}", "\u{85}", "\u{9F}", String(repeating: "x", count: 129),
    String(repeating: "💡", count: 129), String(repeating: "x", count: 10_000_000),
  ])
  func badNamesAreRefused(name: String) {
    let failure = #expect(throws: WireFailure.self) { try FieldRules.name(name) }
    #expect(failure?.code == .invalid)
    #expect(failure?.reason == "invalid-name")
  }

  @Test(arguments: ["x", "Ünï code 💡", "'; drop table devices; --", "%_\\", String(repeating: "💡", count: 128)])
  func goodNamesStayAsTheyAre(name: String) throws {
    #expect(try FieldRules.name(name) == name)
  }

  @Test func tagsAreSortedOnce() throws {
    #expect(try FieldRules.tags(["b", "a", "b", "Z"]) == ["Z", "a", "b"])
    #expect(throws: WireFailure.self) { try FieldRules.tags((0...32).map { "t\($0)" }) }
    #expect(throws: WireFailure.self) { try FieldRules.tags([""]) }
  }

  @Test func aDevicesWordsAreMadeFit() {
    #expect(FieldRules.sanitizedReason("out of\nmemory\0") == "out of\u{FFFD}memory\u{FFFD}")
    #expect(FieldRules.sanitizedReason(String(repeating: "x", count: 1_000_000)).count == 512)
  }

  @Test func pageSizes() throws {
    #expect(try FieldRules.pageSize(0) == 50)
    #expect(try FieldRules.pageSize(500) == 500)
    #expect(throws: WireFailure.self) { try FieldRules.pageSize(501) }
    #expect(throws: WireFailure.self) { try FieldRules.pageSize(.max) }
  }
}

@Suite struct DeviceCursorTests {
  @Test(arguments: ["a", "Ünï 💡", String(repeating: "💡", count: 128), "~>?~~"])
  func roundTrip(name: String) throws {
    let cursor = DeviceCursor(name: name, id: .random())
    #expect(cursor.text.utf8.count <= DeviceCursor.maximumLength)
    #expect(try DeviceCursor(cursor.text) == cursor)
  }

  @Test func everythingElseIsRefused() throws {
    let good = DeviceCursor(name: "sensor", id: .random()).text
    let bad = [
      "", "x", "AAAA", "====", good + "=", good + "A", "\(good.dropLast())", good.replacing("A", with: "+"),
      "AQ" + good.dropFirst(2).lowercased(), "Ag" + good.dropFirst(2), "💡", String(repeating: "A", count: 5000),
      // A name with a NUL.
      DeviceCursor(name: "a\0b", id: .random()).text,
    ]
    for text in bad where text != good {
      let failure = #expect(throws: WireFailure.self, "\(text)") { try DeviceCursor(text) }
      #expect(failure?.reason == "invalid-cursor")
    }
  }
}

@Suite struct DeviceFilterTests {
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

  @Test func states() throws {
    #expect(try DeviceFilter(namePrefix: "", tag: "", state: "pending").state == .deployment(.pending))
    #expect(try DeviceFilter(namePrefix: "", tag: "", state: "") == .all)
    #expect(throws: WireFailure.self) { try DeviceFilter(namePrefix: "", tag: "", state: "Pending") }
  }
}

@Suite struct EntityTagTests {
  @Test(
    arguments: [
      (nil, .any), ("*", .any), ("\"3\"", .revision(3)), ("W/\"3\"", .never), ("3", .never), ("\"03\"", .never),
      ("\"\"", .never), ("\"x\"", .never), ("", .never), ("\"3\", \"4\"", .never),
    ] as [(String?, EntityTag.Condition)])
  func conditions(text: String?, condition: EntityTag.Condition) {
    #expect(EntityTag.condition(ifMatch: text) == condition)
  }
}
