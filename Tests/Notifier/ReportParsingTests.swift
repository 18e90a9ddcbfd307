import DeviceProtocol
import Foundations
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import NotifierServer

@Suite(.seated) struct ReportParsingTests {
  static let id = "0b9f3a52-6c1e-4d9f-8a77-3f2f6f0f9b11"
  static let digest = "sha256:" + String(repeating: "ab", count: 32)

  static func state(
    sequence: String = "7", version: String = "3", digest: String = "\"\(digest)\"", slot: String = "\"A\"",
    status: String = "\"confirmed\"", more: String = ""
  ) -> String {
    "{\"sequence\":\(sequence),\"version\":\(version),\"digest\":\(digest),\"slot\":\(slot),\"status\":\(status)\(more)}"
  }

  @Test func aStateIsTakenWhole() throws {
    let failed = ",\"reason\":\"trap\",\"failed\":{\"version\":4,\"digest\":\"\(Self.digest)\"},\"later\":[1]"
    let payload = try StatePayload(Array(Self.state(status: "\"rolled-back\"", more: failed).utf8))
    #expect(payload.sequence == 7)
    #expect(payload.state.version == 3)
    #expect(Array(payload.state.digest) == .init(repeating: 0xAB, count: 32))
    #expect(payload.state.slot == "A")
    #expect(payload.state.status == "rolled-back")
    #expect(payload.state.reason == "trap")
    #expect(payload.state.failed.version == 4)
    #expect(!payload.state.hasAt)
  }

  @Test(
    arguments: [("611000", 611_000), ("18446744073709551615", UInt64(Int64.max)), ("null", 0)] as [(String, UInt64)])
  func theGapOfTheLastSwitchIsTaken(_ text: String, _ nanoseconds: UInt64) throws {
    let payload = try StatePayload(Array(Self.state(more: ",\"switchGapNanoseconds\":\(text)").utf8))
    #expect(payload.state.switchGapNanoseconds == nanoseconds)
  }

  @Test func theEpochAndWhatIsSupersededAreTaken() throws {
    let more = #","epoch":"00000000000000a1","supersedes":{"epoch":"ffffffffffffffff","sequence":9}"#
    let payload = try StatePayload(Array(Self.state(more: more).utf8))
    #expect(payload.position == WireReportPosition(epoch: 0xA1, sequence: 7))
    #expect(payload.supersedes == WireReportPosition(epoch: .max, sequence: 9))
    #expect(payload.supersedes?.message == StateMessage.Position(epoch: "ffffffffffffffff", sequence: 9))
    // Of a device that named none.
    let none = try StatePayload(Array(Self.state(more: #","supersedes":{"epoch":"","sequence":9}"#).utf8))
    #expect(none.position.epoch == 0)
    #expect(none.supersedes == WireReportPosition(epoch: 0, sequence: 9))
    for wrong in [#""epoch":"a1""#, #""epoch":7"#, #""supersedes":{"epoch":"x","sequence":1}"#, #""supersedes":{}"#] {
      #expect(throws: RejectedReport.self) { try StatePayload(Array(Self.state(more: ",\(wrong)").utf8)) }
    }
  }

  @Test func howLongTheWayTookIsTaken() throws {
    let more = #","timing":{"version":3,"parentSpan":"00f067aa0ba902b7","headChecked":5,"firstLine":20,"later":1}"#
    let timing = try StatePayload(Array(Self.state(more: more).utf8)).state.timing
    #expect(timing.version == 3 && timing.parentSpan == "00f067aa0ba902b7")
    #expect(timing.marks.map(\.name) == ["head-checked", "first-line"])
    #expect(timing.marks.map(\.microseconds) == [5, 20])
    // Of another version than the one that it states.
    let other = try StatePayload(Array(Self.state(more: #","timing":{"version":9,"firstLine":1}"#).utf8))
    #expect(!other.state.hasTiming)
  }

  @Test func theTraceGoesAlongWithTheReport() throws {
    let device = DeviceID.random()
    let trace = TraceContext(requestID: "build-7")
    var buffer = ReportBuffer(maximumDevices: 1)
    buffer.add(try StatePayload(Array(Self.state().utf8), trace: trace), of: device)
    let report = try #require(buffer.take(1).first)
    #expect(report.traceParent == trace.description && report.requestID == "build-7")
  }

  @Test func whatADeviceWaitsForIsTaken() throws {
    let waiting = ",\"waiting\":{\"version\":5,\"reason\":\"the store answered 503\",\"since\":1790000000}"
    let state = try StatePayload(Array(Self.state(more: waiting).utf8)).state
    #expect(state.waiting.version == 5 && state.waiting.reason == "the store answered 503")
    #expect(state.waiting.since.seconds == 1_790_000_000)
    // Its clock may say anything, and an old device says nothing.
    let strange = ",\"waiting\":{\"reason\":\"\\u001b[2J\",\"since\":18446744073709551615}"
    let odd = try StatePayload(Array(Self.state(more: strange).utf8)).state
    #expect(odd.waiting.since.seconds == 253_402_300_799 && !odd.waiting.reason.contains("\u{1B}"))
    #expect(try !StatePayload(Array(Self.state().utf8)).state.hasWaiting)
  }

  @Test func aDeviceOnWhichNothingRunsYetIsTaken() throws {
    let payload = try StatePayload(Array(Self.state(version: "0", digest: "\"\"", slot: "\"\"").utf8))
    #expect(payload.state.version == 0)
    #expect(payload.state.digest.isEmpty)
    #expect(!payload.state.hasFailed)
  }

  @Test func theHighestNumbersAreKeptExactly() throws {
    let payload = try StatePayload(
      Array(Self.state(sequence: "9223372036854775807", version: "9223372036854775807").utf8))
    #expect(payload.sequence == 9_223_372_036_854_775_807)
    #expect(payload.state.version == 9_223_372_036_854_775_807)
  }

  @Test func aReasonLosesControlCharactersAndItsEnd() throws {
    let reason = "a\\u0000b\\u001b[31m" + String(repeating: "é", count: 1_000)
    let payload = try StatePayload(Array(Self.state(more: ",\"reason\":\"\(reason)\"").utf8))
    #expect(payload.state.reason.hasPrefix("a b [31mé"))
    #expect(payload.state.reason.utf8.count <= 512)
    #expect(payload.state.reason.utf8.count >= 510)
  }

  static let hostile: [(String, [UInt8], RejectedReport.Reason)] = [
    ("empty", [], .notJSON),
    ("no JSON", Array("hello".utf8), .notJSON),
    ("not UTF-8", [0xFF, 0xFE, 0x00], .notJSON),
    ("an array", Array("[]".utf8), .field),
    ("null", Array("null".utf8), .field),
    ("cut short", Array(state().utf8.dropLast(3)), .notJSON),
    ("no fields", Array("{}".utf8), .field),
    ("too large", Array(state(more: ",\"reason\":\"\(String(repeating: "x", count: 5_000))\"").utf8), .tooLarge),
    ("a nesting bomb", Array(String(repeating: "[", count: 4_000).utf8), .notJSON),
    ("sequence 0", Array(state(sequence: "0").utf8), .field),
    ("negative sequence", Array(state(sequence: "-1").utf8), .notJSON),
    ("sequence beyond bigint", Array(state(sequence: "9223372036854775808").utf8), .field),
    ("sequence beyond 64 bits", Array(state(sequence: "99999999999999999999999").utf8), .notJSON),
    ("sequence with a fraction", Array(state(sequence: "1.5").utf8), .notJSON),
    ("sequence as text", Array(state(sequence: "\"7\"").utf8), .field),
    ("sequence null", Array(state(sequence: "null").utf8), .field),
    ("negative version", Array(state(version: "-1").utf8), .notJSON),
    ("version beyond bigint", Array(state(version: "9223372036854775808").utf8), .field),
    ("a short digest", Array(state(digest: "\"sha256:abcd\"").utf8), .field),
    ("a digest of other digits", Array(state(digest: "\"sha256:\(String(repeating: "zz", count: 32))\"").utf8), .field),
    ("an empty digest", Array(state(digest: "\"\"").utf8), .field),
    ("version 0 with a digest", Array(state(version: "0", slot: "\"\"").utf8), .field),
    ("version 0 with a slot", Array(state(version: "0", digest: "\"\"").utf8), .field),
    ("slot C", Array(state(slot: "\"C\"").utf8), .field),
    ("an unknown status", Array(state(status: "\"great\"").utf8), .field),
    ("rolled back from nothing", Array(state(status: "\"rolled-back\"").utf8), .field),
    (
      "refused version 0",
      Array(state(status: "\"refused\"", more: ",\"failed\":{\"version\":0,\"digest\":\"\(digest)\"}").utf8), .field
    ),
    (
      "refused without a digest",
      Array(state(status: "\"refused\"", more: ",\"failed\":{\"version\":9,\"digest\":\"x\"}").utf8), .field
    ),
  ]

  @Test(arguments: hostile)
  func hostilePayloadsAreRejected(name: String, payload: [UInt8], reason: RejectedReport.Reason) {
    let error = #expect(throws: RejectedReport.self, "\(name)") { try StatePayload(payload) }
    #expect(error?.reason == reason, "\(name): \(error?.detail ?? "")")
  }

  @Test(arguments: [
    ("/devices/\(id)/state", DeviceTopic.Subject.state), ("/devices/\(id)/presence", .presence),
  ])
  func aTopicNamesItsSubjectAndItsDevice(topic: String, subject: DeviceTopic.Subject) throws {
    let parsed = try DeviceTopic(of: topic, among: ReportIntake.subjects)
    #expect(parsed.subject == subject)
    #expect(parsed.device.description == Self.id)
  }

  @Test(arguments: [
    "", "/", "devices/\(id)/state", "/devices/\(id)/ack", "/devices/\(id)/state/x", "/devices//state",
    "/devices/\(id.uppercased())/state", "/devices/not-a-uuid/state", "/devices/\(id.dropLast())/state",
    "/devices/{\(id)}/state", "/devices/\(id)/log", "/firmware/\(id)/state", "/devices/\(id)/", "/devices/\(id)",
  ])
  func otherTopicsAreRejected(topic: String) {
    #expect(throws: RejectedReport.self) { try DeviceTopic(of: topic, among: ReportIntake.subjects) }
  }

  @Test func presenceIsOneOfTwoWords() throws {
    #expect(try Presence.read(Array("online".utf8)) == .online)
    #expect(try Presence.read(Array("offline".utf8)) == .offline)
    #expect(try Presence.read([]) == nil)
    for text in ["Online", "online\n", "on", "true", String(repeating: "online", count: 100)] {
      #expect(throws: RejectedReport.self) { try Presence.read(Array(text.utf8)) }
    }
  }
}
