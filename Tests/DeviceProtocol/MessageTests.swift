import FoundationEssentials
import Foundations
import TestSupport
import Testing
import TextFormats

@testable import DeviceProtocol

/// Each message as it has always been on the wire, byte for byte, and what its reader makes of it.
@Suite(.seated) struct MessageTests {
  static let digest = "sha256:" + String(repeating: "ab", count: 32)

  static func text(_ message: some Encodable) throws -> String {
    String(decoding: try JSONCoding.encoder().encode(message), as: UTF8.self)
  }

  static func read<Message: Decodable>(_ text: String, as type: Message.Type = Message.self) throws
    -> Message
  {
    try JSONCoding.decode(Message.self, from: Array(text.utf8))
  }

  @Test func aNotificationHasOneFormBothWays() throws {
    let message = NotificationMessage(
      version: 7, digest: Self.digest, size: 100_544, url: "https://store:8443/firmware/x/7")
    let wire =
      #"{"digest":"\#(Self.digest)","size":100544,"url":"https://store:8443/firmware/x/7","version":7}"#
    #expect(try Self.text(message) == wire)
    #expect(try Self.read(wire) == message)
    let bare = #"{"version":18446744073709551615,"digest":"","size":0,"later":[{}]}"#
    #expect(
      try Self.read(bare) == NotificationMessage(version: .max, digest: "", size: 0, url: nil))
  }

  static let state = StateMessage(
    sequence: 4_294_967_297, epoch: "00000000000000a1",
    supersedes: .init(epoch: "00000000000000b2", sequence: 7),
    version: 7, digest: digest, slot: "A", status: RunStatus.rolledBack.rawValue,
    reason: "trapped: \"unreachable\"",
    failed: .init(version: 8, digest: digest), switchGapNanoseconds: 611_000,
    waiting: .init(version: 9, reason: "https://h/ answered 503", since: 1_790_000_000),
    run: "ffffffffffffffff", timing: timing)

  static let timing = {
    var timing = DeploymentTimingMessage(version: 7)
    (timing.parentSpan, timing.headChecked, timing.reported) = ("00f067aa0ba902b7", 1_200, 98_000)
    return timing
  }()

  @Test func aStateWithAllOfItsMembers() throws {
    let wire =
      #"{"digest":"\#(Self.digest)","epoch":"00000000000000a1","failed":{"digest":"\#(Self.digest)","version":8},"#
      + #""reason":"trapped: \"unreachable\"","run":"ffffffffffffffff","sequence":4294967297,"slot":"A","#
      + #""status":"rolled-back","supersedes":{"epoch":"00000000000000b2","sequence":7},"#
      + #""switchGapNanoseconds":611000,"#
      + #""timing":{"headChecked":1200,"parentSpan":"00f067aa0ba902b7","reported":98000,"version":7},"version":7,"#
      + #""waiting":{"reason":"https://h/ answered 503","since":1790000000,"version":9}}"#
    #expect(try Self.text(Self.state) == wire)
    #expect(try Self.read(wire) == Self.state)
  }

  @Test func aStateOfADeviceThatRunsNothing() throws {
    let message = StateMessage(
      sequence: 1, epoch: "00000000000000a1", supersedes: nil, version: 0, digest: "", slot: "",
      status: "confirmed",
      reason: "", failed: nil, switchGapNanoseconds: nil, waiting: nil, run: nil)
    let wire =
      #"{"digest":"","epoch":"00000000000000a1","reason":"","sequence":1,"slot":"","status":"confirmed","version":0}"#
    #expect(try Self.text(message) == wire)
    #expect(try Self.read(wire) == message)
  }

  @Test func aStateOfAnOlderDevice() throws {
    let wire =
      #"{"sequence":7,"version":3,"digest":"x","slot":"A","status":"trial","supersedes":{"sequence":9},"#
      + #""waiting":{"reason":"r"},"unknown":{"a":[null]}}"#
    let message = try Self.read(wire, as: StateMessage.self)
    #expect(
      message.epoch == nil && message.reason == nil && message.run == nil && message.failed == nil)
    #expect(message.supersedes == StateMessage.Position(epoch: nil, sequence: 9))
    #expect(message.waiting == StateMessage.Waiting(version: nil, reason: "r", since: nil))
  }

  @Test(arguments: ["sequence", "version", "digest", "slot", "status"]) func aStateNeedsIts(
    _ member: String
  ) throws {
    let wire = #"{"sequence":7,"version":3,"digest":"x","slot":"A","status":"trial"}"#
    _ = try Self.read(wire, as: StateMessage.self)
    let other = wire.replacing("\"\(member)\"", with: "\"other\"")
    #expect(throws: DecodingError.self) { try Self.read(other, as: StateMessage.self) }
  }

  static let line = LogMessage.Line(
    id: 7, at: 5, monotonic: 6, level: LogLevel.warning.name, source: LogSource.app.rawValue,
    version: 3, text: "a/b")
  static let lineText =
    #"{"at":5,"id":7,"level":"warning","monotonic":6,"source":"app","text":"a/b","version":3}"#

  @Test func linesOfALog() throws {
    let message = LogMessage(
      log: "0123456789abcdef", run: "fedcba9876543210", after: 6, lost: 3, lines: [Self.line])
    let wire =
      #"{"after":6,"lines":[\#(Self.lineText)],"log":"0123456789abcdef","lost":3,"run":"fedcba9876543210"}"#
    #expect(try Self.text(message) == wire)
    #expect(try Self.read(wire) == message)
    let older = try Self.read(#"{"log":"x","lines":[],"unknown":1}"#, as: LogMessage.self)
    #expect(older == LogMessage(log: "x", run: nil, after: nil, lost: nil, lines: []))
  }

  @Test func aCrashReportHasOneFormBothWays() throws {
    let report = CrashReport(
      id: String(repeating: "0f", count: 16), at: 5, version: 3, digest: Self.digest,
      appName: "sensor",
      appVersion: "1.0", buildID: "00ff", code: CrashCode.unreachable.rawValue,
      message: "wasm trap",
      status: RunStatus.trial.rawValue,
      frames: [
        .init(function: 1, functionOffset: 2, moduleOffset: 3, name: "f"),
        .init(function: .max, functionOffset: 0, moduleOffset: 0, name: nil),
      ], lines: [Self.line])
    let wire =
      #"{"appName":"sensor","appVersion":"1.0","at":5,"buildID":"00ff","code":"unreachable","#
      + #""digest":"\#(Self.digest)","#
      + #""frames":[{"function":1,"functionOffset":2,"moduleOffset":3,"name":"f"},"#
      + #"{"function":4294967295,"functionOffset":0,"moduleOffset":0}],"#
      + #""id":"\#(String(repeating: "0f", count: 16))","lines":[\#(Self.lineText)],"message":"wasm trap","#
      + #""status":"trial","version":3}"#
    #expect(try Self.text(report) == wire)
    #expect(try Self.read(wire) == report)
    let bare = try Self.read(
      #"{"id":"x","at":0,"version":1,"digest":"d","code":"killed","status":"confirmed","frames":null,"new":[]}"#,
      as: CrashReport.self)
    #expect(
      bare.frames.isEmpty && bare.lines.isEmpty && bare.message.isEmpty && bare.buildID.isEmpty)
  }

  static let acknowledgements: [(message: AcknowledgementMessage, wire: String)] = [
    (.init(reports: .init(sequences: [7])), #"{"sequences":[7]}"#),
    (.init(reports: .init(sequences: [7, 9])), #"{"sequences":[7,9]}"#),
    (
      .init(reports: .init(sequences: [7], held: .init(epoch: "00000000000000a1", sequence: 9))),
      #"{"sequences":[7],"held":{"epoch":"00000000000000a1","sequence":9}}"#
    ),
    (
      .init(reports: .init(sequences: [7], held: .init(epoch: "", sequence: 0))),
      #"{"sequences":[7],"held":{"epoch":"","sequence":0}}"#
    ),
    (
      .init(log: .init(log: "0123456789abcdef", through: 7)),
      #"{"log":{"log":"0123456789abcdef","through":7}}"#
    ),
    (
      .init(log: .init(log: "0123456789abcdef", through: 7, reused: "00000000000000a1")),
      #"{"log":{"log":"0123456789abcdef","through":7,"reused":"00000000000000a1"}}"#
    ),
    (.init(crashes: ["0f", "f0"]), #"{"crashes":["0f","f0"]}"#),
  ]

  @Test(arguments: acknowledgements.indices) func anAcknowledgementHasOneFormBothWays(_ index: Int) throws {
    let (message, wire) = Self.acknowledgements[index]
    #expect(String(decoding: message.payload, as: UTF8.self) == wire)
    #expect(try Self.read(wire) == message)
  }

  @Test func ofAnAcknowledgementWhatCanBeReadCounts() throws {
    let log = AcknowledgementMessage.LogPosition(log: "ab", through: 7)
    let cases: [(String, AcknowledgementMessage)] = [
      (
        #"{"sequences":[1],"held":{"sequence":"x"},"log":{"log":"ab","through":7}}"#,
        .init(log: log)
      ),
      (
        #"{"held":{"epoch":"","sequence":1},"crashes":["x"],"later":[[[]]]}"#, .init(crashes: ["x"])
      ),
      (
        #"{"sequences":["1"],"log":{"log":"ab","through":-1},"crashes":["x"]}"#,
        .init(crashes: ["x"])
      ),
      (#"{"crashes":[1],"sequences":[]}"#, .init(reports: .init(sequences: []))),
      ("{}", .init()),
    ]
    for (wire, message) in cases { #expect(try Self.read(wire) == message, "\(wire)") }
    // A number that no reader takes makes all of it unreadable.
    let tooLarge = #"{"sequences":[18446744073709551616],"log":{"log":"ab","through":7}}"#
    for wire in ["[]", "", "null", #"{"crashes":["x"]"#, String(repeating: "[", count: 60_000), tooLarge] {
      #expect(throws: (any Error).self) { try Self.read(wire, as: AcknowledgementMessage.self) }
    }
  }

  @Test func presenceIsOneOfTwoWords() {
    #expect(
      Presence.online.payload == Array("online".utf8)
        && Presence.offline.payload == Array("offline".utf8))
    for presence in Presence.allCases { #expect(Presence(payload: presence.payload) == presence) }
    for text in [
      "", "Online", "online\n", "\"online\"", "on", String(repeating: "online", count: 100),
    ] {
      #expect(Presence(payload: Array(text.utf8)) == nil)
    }
    #expect(Presence(payload: [0xFF, 0xFE]) == nil)
  }

  @Test func thePollingDoor() throws {
    #expect(try Self.text(PollingAnswer(fileExists: true)) == #"{"file_exists":true}"#)
    let wire = #"{"reason":"self-test","status":"rolled-back","version":3}"#
    let status = PolledStatus(version: 3, status: "rolled-back", reason: "self-test")
    #expect(try Self.text(status) == wire)
    #expect(try Self.read(wire) == status)
    let bare = try Self.read(
      #"{"version":3,"status":"trial","slot":"A","new":1}"#, as: PolledStatus.self)
    #expect(bare == PolledStatus(version: 3, status: "trial", reason: nil))
  }
}
