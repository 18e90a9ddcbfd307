import Mosquitto
import TestSupport
import Testing

@Suite(.seated) struct TopicTests {
  static let badNames: [(String, String)] = [
    ("", "empty"),
    ("a/+/b", "wildcard +"),
    ("a/#", "wildcard #"),
    ("#", "wildcard #"),
    ("a\0b", "U+0000"),
    ("a\nb", "U+000A"),
    ("a\u{7F}", "U+007F"),
    ("a\u{FFFE}", "U+FFFE"),
    (String(decoding: [0x61, 0xEF, 0xB7, 0x90], as: UTF8.self), "U+FDD0"),
    ("$SYS/broker", "$"),
    ("$share/g/t", "$"),
    (String(repeating: "a", count: 65_536), "65536 bytes"),
    (String(repeating: "é", count: 40_000), "80000 bytes"),
    (String(repeating: "/", count: 201), "201 levels"),
  ]

  @Test(arguments: badNames)
  func hostileTopicsAreRefusedWithAReason(name: String, reason: String) {
    let error = #expect(throws: MQTTError.self) { try MQTTTopic.validate(name: name) }
    #expect(error?.code == .invalid)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["a", "/", "/firmware/0/1", "ä/€/😀", String(repeating: "a", count: 65_535), "a//b", " "])
  func goodTopicsPass(name: String) throws {
    try MQTTTopic.validate(name: name)
    try MQTTTopic.validate(filter: name)
  }

  @Test(arguments: [
    "", "a/b#", "#/a", "a/#/b", "a+/b", "a/+b", "$share", "$share/g", "$share//t", "$share/g/", "$share/+/t",
    "$share/g#/t", "$share/g/a#", "a\0", String(repeating: "a", count: 65_536),
  ])
  func badFiltersAreRefused(filter: String) {
    #expect(throws: MQTTError.self) { try MQTTTopic.validate(filter: filter) }
  }

  @Test(arguments: [
    "#", "+", "a/#", "a/+/b", "/#", "+/+", "$share/notifier//devices/+/state", "$share/g/#", "$SYS/#",
  ])
  func goodFiltersPass(filter: String) throws {
    try MQTTTopic.validate(filter: filter)
  }
}
