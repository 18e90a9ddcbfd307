import Foundation
import Foundations
import TestSupport
import Testing
import Wire

@testable import NotifierServer

/// What is taken of log lines and crash reports, and what is not.
@Suite(.seated) struct DiagnosticPayloadTests {
  static let log = "0123456789abcdef"
  static let digest = "sha256:" + String(repeating: "ab", count: 32)
  static let crashID = String(repeating: "0f", count: 16)
  private static let device = DeviceID.random()

  static func line(
    id: String = "1", level: String = "\"info\"", source: String = "\"app\"", text: String = "\"hello\"",
    at: String = "5", version: String = "3", more: String = ""
  ) -> String {
    "{\"id\":\(id),\"at\":\(at),\"monotonic\":6,\"level\":\(level),\"source\":\(source),\"version\":\(version),\"text\":\(text)\(more)}"
  }

  static func batch(_ lines: [String] = [line()], log: String = "\"\(log)\"", more: String = "") -> String {
    "{\"log\":\(log),\"lines\":[\(lines.joined(separator: ","))]\(more)}"
  }

  static func crash(
    id: String = "\"\(crashID)\"", version: String = "3", digest: String = "\"\(digest)\"",
    buildID: String = "\"00ff\"", code: String = "\"unreachable\"", message: String = "\"wasm trap\"",
    status: String = "\"trial\"", frames: String = "[{\"function\":1,\"functionOffset\":2,\"moduleOffset\":3}]",
    lines: String = "[\(line())]", more: String = ""
  ) -> String {
    """
    {"id":\(id),"at":5,"version":\(version),"digest":\(digest),"appName":"sensor","appVersion":"1.0",\
    "buildID":\(buildID),"code":\(code),"message":\(message),"status":\(status),"frames":\(frames),\
    "lines":\(lines)\(more)}
    """
  }

  @Test func aBatchIsTakenWhole() throws {
    let lines = [Self.line(id: "8"), Self.line(id: "9", more: ",\"colour\":{\"of\":[1,2]}")]
    let batch = try LogPayload.batch(Array(Self.batch(lines, more: ",\"lost\":7,\"new\":null").utf8), of: Self.device)
    #expect(batch.deviceID == Data(Self.device.bytes))
    #expect(batch.logID == Self.log)
    #expect(batch.lost == 7)
    #expect(batch.lines.map(\.id) == [8, 9])
    #expect(batch.lines[0].realtimeNanoseconds == 5)
    #expect(batch.lines[0].monotonicNanoseconds == 6)
    #expect(batch.lines[0].level == "info")
    #expect(batch.lines[0].source == "app")
    #expect(batch.lines[0].firmwareVersion == 3)
    #expect(batch.lines[0].text == "hello")
  }

  @Test func theRunOfABatchIsTaken() throws {
    let payload = Self.batch(more: #","run":"00000000000000a1","after":6"#)
    let batch = try LogPayload.batch(Array(payload.utf8), of: Self.device)
    #expect(batch.run == 0xA1)
    #expect(batch.runAfter == 6)
    for wrong in [#""run":"a1""#, #""after":-1"#, #""after":9223372036854775808"#] {
      #expect(throws: RejectedReport.self) {
        try LogPayload.batch(Array(Self.batch(more: ",\(wrong)").utf8), of: Self.device)
      }
    }
  }

  @Test func aCrashIsTakenWhole() throws {
    let report = try CrashPayload.report(Array(Self.crash(more: ",\"new\":[[]]").utf8), of: Self.device)
    #expect(report.id == Data(repeating: 0x0F, count: 16))
    #expect(report.firmwareVersion == 3)
    #expect(report.digest == Data(repeating: 0xAB, count: 32))
    #expect(report.appName == "sensor")
    #expect(report.buildID == Data([0, 0xFF]))
    #expect(report.code == "unreachable")
    #expect(report.status == "trial")
    #expect(report.frames.map(\.moduleOffset) == [3])
    #expect(report.lastLines.map(\.text) == ["hello"])
    let bare =
      "{\"id\":\"\(Self.crashID)\",\"at\":0,\"version\":1,\"digest\":\"\(Self.digest)\",\"code\":\"killed\",\"status\":\"confirmed\"}"
    let other = try CrashPayload.report(Array(bare.utf8), of: Self.device)
    #expect(other.buildID.isEmpty && other.frames.isEmpty && other.lastLines.isEmpty)
  }

  @Test func controlCharactersAndLongTextsAreHarmless() throws {
    let dirty = "\"a\\u0000b\\u001b[31m\\nc\\u0085\\u2028d\""
    let batch = try LogPayload.batch(Array(Self.batch([Self.line(text: dirty)]).utf8), of: Self.device)
    #expect(batch.lines[0].text == "a b [31m c  d")
    let long = "\"" + String(repeating: "é", count: 9_000) + "\""
    let cut = try LogPayload.batch(Array(Self.batch([Self.line(text: long)]).utf8), of: Self.device)
    #expect(cut.lines[0].text.utf8.count == 4096)
    let report = try CrashPayload.report(Array(Self.crash(message: long).utf8), of: Self.device)
    #expect(report.message.utf8.count == 1024)
  }

  static let hostileLogs: [(String, [UInt8], RejectedReport.Reason)] = [
    ("nothing", [], .notJSON),
    ("no JSON", Array("hello".utf8), .notJSON),
    ("a list", Array("[]".utf8), .field),
    ("cut short", Array(batch().utf8.dropLast(3)), .notJSON),
    ("bad UTF-8", Array(batch().utf8.prefix(90)) + [0xFF, 0xFE] + Array("\"}]}".utf8), .notJSON),
    ("50,000 deep", .init(repeating: UInt8(ascii: "["), count: 50_000), .notJSON),
    (
      "deep in a field nobody knows", Array(batch(more: ",\"x\":" + String(repeating: "[", count: 30_000)).utf8),
      .notJSON
    ),
    (
      "one byte too many", Array(batch([line(text: "\"" + String(repeating: "x", count: 65_500) + "\"")]).utf8),
      .tooLarge
    ),
    ("1 MB", .init(repeating: UInt8(ascii: " "), count: 1_000_000), .tooLarge),
    ("no log", Array("{\"lines\":[\(line())]}".utf8), .field),
    ("a log's name too short", Array(batch(log: "\"0123\"").utf8), .field),
    ("a log's name that is no number", Array(batch(log: "\"0123456789abcdeX\"").utf8), .field),
    ("a log's name with a quote", Array(batch(log: "\"0123456789abcd\\\"}\"").utf8), .field),
    ("no lines", Array(batch([]).utf8), .field),
    ("501 lines", Array(batch((1...501).map { line(id: "\($0)") }).utf8), .field),
    ("the ID 0", Array(batch([line(id: "0")]).utf8), .field),
    ("the ID -1", Array(batch([line(id: "-1")]).utf8), .notJSON),
    ("the ID 2^63", Array(batch([line(id: "9223372036854775808")]).utf8), .field),
    ("the ID 1e400", Array(batch([line(id: "1e400")]).utf8), .notJSON),
    ("the ID as text", Array(batch([line(id: "\"1\"")]).utf8), .field),
    ("the same ID twice", Array(batch([line(), line()]).utf8), .field),
    ("IDs that fall", Array(batch([line(id: "9"), line(id: "8")]).utf8), .field),
    ("a time of 2^64-1", Array(batch([line(at: "18446744073709551615")]).utf8), .field),
    ("a level nobody knows", Array(batch([line(level: "\"loud\"")]).utf8), .field),
    ("a source nobody knows", Array(batch([line(source: "\"root\"")]).utf8), .field),
    ("a version of -1", Array(batch([line(version: "-1")]).utf8), .notJSON),
    ("a text that is a number", Array(batch([line(text: "7")]).utf8), .field),
    ("lines that are one", Array("{\"log\":\"\(log)\",\"lines\":\(line())}".utf8), .field),
    ("more lost than there were", Array(batch([line(id: "5")], more: ",\"lost\":5").utf8), .field),
    ("lost -1", Array(batch(more: ",\"lost\":-1").utf8), .notJSON),
  ]

  @Test(arguments: hostileLogs.indices) func aHostileBatchIsNotTaken(_ index: Int) {
    let (name, payload, reason) = Self.hostileLogs[index]
    let rejected = #expect(throws: RejectedReport.self, "\(name)") { try LogPayload.batch(payload, of: Self.device) }
    #expect(rejected?.reason == reason, "\(name): \(rejected?.detail ?? "")")
  }

  static let hostileCrashes: [(String, [UInt8], RejectedReport.Reason)] = [
    ("nothing", [], .notJSON),
    ("50,000 deep", .init(repeating: UInt8(ascii: "{"), count: 50_000), .notJSON),
    ("too large", Array(crash(message: "\"" + String(repeating: "m", count: 70_000) + "\"").utf8), .tooLarge),
    ("an ID too short", Array(crash(id: "\"0f\"").utf8), .field),
    ("an ID that is no number", Array(crash(id: "\"\(String(repeating: "zz", count: 16))\"").utf8), .field),
    ("an ID that is a number", Array(crash(id: "7").utf8), .field),
    ("version 0", Array(crash(version: "0").utf8), .field),
    ("version 2^70", Array(crash(version: "1180591620717411303424").utf8), .notJSON),
    ("no digest", Array(crash(digest: "\"sha256:00\"").utf8), .field),
    ("a build ID that is no number", Array(crash(buildID: "\"xyz\"").utf8), .field),
    ("a build ID of half a byte", Array(crash(buildID: "\"abc\"").utf8), .field),
    ("a build ID of 65 bytes", Array(crash(buildID: "\"\(String(repeating: "ab", count: 65))\"").utf8), .field),
    ("an empty code", Array(crash(code: "\"\"").utf8), .field),
    ("a code with a line break", Array(crash(code: "\"a\\nb\"").utf8), .field),
    ("a code of 65 letters", Array(crash(code: "\"\(String(repeating: "a", count: 65))\"").utf8), .field),
    ("a status nobody knows", Array(crash(status: "\"fine\"").utf8), .field),
    (
      "65 frames",
      Array(
        crash(
          frames: "["
            + [String](repeating: "{\"function\":1,\"functionOffset\":2,\"moduleOffset\":3}", count: 65).joined(
              separator: ",") + "]"
        ).utf8), .field
    ),
    (
      "a function of 2^32",
      Array(crash(frames: "[{\"function\":4294967296,\"functionOffset\":2,\"moduleOffset\":3}]").utf8), .notJSON
    ),
    (
      "an offset of 2^63",
      Array(crash(frames: "[{\"function\":1,\"functionOffset\":2,\"moduleOffset\":9223372036854775808}]").utf8), .field
    ),
    (
      "an offset of -1", Array(crash(frames: "[{\"function\":1,\"functionOffset\":-1,\"moduleOffset\":3}]").utf8),
      .notJSON
    ),
    (
      "51 lines", Array(crash(lines: "[" + (1...51).map { line(id: "\($0)") }.joined(separator: ",") + "]").utf8),
      .field
    ),
    ("a line without a text", Array(crash(lines: "[{\"id\":1}]").utf8), .field),
  ]

  @Test(arguments: hostileCrashes.indices) func aHostileCrashIsNotTaken(_ index: Int) {
    let (name, payload, reason) = Self.hostileCrashes[index]
    let rejected = #expect(throws: RejectedReport.self, "\(name)") {
      try CrashPayload.report(payload, of: Self.device)
    }
    #expect(rejected?.reason == reason, "\(name): \(rejected?.detail ?? "")")
  }
}
