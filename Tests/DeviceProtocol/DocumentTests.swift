import Foundation
import TestSupport
import Testing

@testable import DeviceProtocol
@testable import Wasmtime

/// `docs/device-protocol.md` and the broker's access rules beside what is declared: each name stands in both, or in neither.
@Suite(.seated) struct DocumentTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func lines(of path: String) throws -> [String] {
    try String(contentsOf: root.appending(path: path), encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
  }

  /// First columns of the tables behind a heading and before the next one, each table by itself; and the second columns.
  static func tables(_ heading: String) throws -> [[(name: String, second: String)]] {
    let lines = try Self.lines(of: "docs/device-protocol.md")
    let start = try #require(lines.firstIndex(of: heading), "\(heading) is missing")
    var tables: [[(name: String, second: String)]] = []
    var isInTable = false
    for line in lines[(start + 1)...] {
      if line.hasPrefix("#") { break }
      guard line.hasPrefix("|") else {
        isInTable = false
        continue
      }
      if !isInTable {
        isInTable = true
        tables.append([])
      } else if !line.hasPrefix("|---") {
        let cells = line.replacing("\\|", with: "/").split(
          separator: "|", omittingEmptySubsequences: false
        ).dropFirst()
          .map { $0.trimmingCharacters(in: .whitespaces) }
        tables[tables.count - 1].append(
          (
            cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")),
            cells.count > 1 ? cells[1] : ""
          ))
      }
    }
    return tables
  }

  static func names(_ heading: String, table: Int = 0) throws -> [String] {
    let tables = try Self.tables(heading)
    return try #require(
      tables.indices.contains(table) ? tables[table] : nil, "\(heading) has no such table"
    ).map(\.name)
  }

  static func names(_ keys: [some CodingKey]) -> Set<String> { Set(keys.map(\.stringValue)) }

  static let members: [(heading: String, table: Int, names: Set<String>)] = [
    ("### Notification", 0, names(NotificationMessage.CodingKeys.allCases)),
    ("### State", 0, names(StateMessage.CodingKeys.allCases)),
    ("#### Positions", 0, names(StateMessage.Position.CodingKeys.allCases)),
    ("#### Waiting", 0, names(StateMessage.Waiting.CodingKeys.allCases)),
    ("#### Timing", 0, names(DeploymentTimingMessage.CodingKeys.allCases)),
    ("### Traces", 0, Set(TraceProperty.allCases.map(\.rawValue))),
    ("### Log", 0, names(LogMessage.CodingKeys.allCases)),
    ("#### Lines", 0, names(LogMessage.Line.CodingKeys.allCases)),
    ("### Crash", 0, names(CrashReport.CodingKeys.allCases)),
    ("#### Frames", 0, names(CrashReport.Frame.CodingKeys.allCases)),
    ("### Acknowledgement", 0, names(AcknowledgementMessage.CodingKeys.allCases)),
    ("#### Log positions", 0, names(AcknowledgementMessage.LogPosition.CodingKeys.allCases)),
    ("### Polling", 0, names(PolledStatus.CodingKeys.allCases)),
    ("### Polling", 1, names(PollingAnswer.CodingKeys.allCases)),
    ("### Enrolment", 0, names(EnrolmentRequestMember.allCases)),
    ("### Enrolment", 1, names(EnrolmentAnswerMember.allCases)),
    ("#### Fuse members", 0, names(FuseMember.allCases)),
    ("### Renewal", 0, names(RenewalRequestMember.allCases)),
    ("### Renewal", 1, names(RenewalAnswerMember.allCases)),
    ("### Fuses", 0, names(FuseReportMember.allCases)),
    ("### Fuses", 1, names(FuseAnswerMember.allCases)),
  ]

  @Test(arguments: members.indices) func membersAreThoseThatAreDeclared(_ index: Int) throws {
    let (heading, table, declared) = Self.members[index]
    let written = try Self.names(heading, table: table)
    #expect(Set(written) == declared, "\(heading)")
    #expect(written.count == declared.count, "\(heading) has a row twice")
  }

  static let words: [(heading: String, words: Set<String>)] = [
    ("### Presence", Set(Presence.allCases.map(\.rawValue))),
    ("### Status", Set(RunStatus.allCases.map(\.rawValue))),
    ("### Log levels", Set(LogLevel.allCases.map(\.name))),
    ("### Log sources", Set(LogSource.allCases.map(\.rawValue))),
    ("### Reason words", Set(ImageRefusal.allCases.map(\.rawValue))),
    ("### Crash codes", Set(CrashCode.allCases.map(\.rawValue))),
    ("## HTTP", Set(DeviceRoute.allCases.map(\.rawValue))),
  ]

  @Test(arguments: words.indices) func wordsAreThoseThatAreDeclared(_ index: Int) throws {
    let (heading, declared) = Self.words[index]
    let written = try Self.names(heading)
    #expect(Set(written) == declared, "\(heading)")
    #expect(written.count == declared.count, "\(heading) has a row twice")
  }

  @Test func topicsAreThoseThatAreDeclared() throws {
    let declared =
      DeviceTopic.Subject.allCases.map { "/devices/{id}/\($0.rawValue)" }
      + ["/firmware/{id}/{version}", "/apps/{id}/{topic}"]
    #expect(Set(try Self.names("## Topics")) == Set(declared))
  }

  @Test func limitsAreThoseThatAreDeclared() throws {
    let written = try Self.tables("## Limits")[0].map { "\($0.name) \($0.second)" }
    #expect(Set(written) == Set(DeviceLimit.allCases.map { "\($0.rawValue) \($0.value)" }))
  }

  /// The engine's own words, which a binding can't take from here.
  @Test func trapsHaveTheWordsThatAreDeclared() {
    let traps = Set(
      (UInt8(0)...).prefix { number in
        if case .unknown = Trap.Code(number: number) { false } else { true }
      }.map { Trap.Code(number: $0).name } + [Trap.Code.host.name])
    #expect(traps.count > 10)
    #expect(traps.isSubset(of: CrashCode.allCases.map(\.rawValue)))
  }

  @Test func theBrokerLetsADeviceUseItsTopicsAndNoOther() throws {
    let rules = Set(
      try Self.lines(of: "deploy/mosquitto/devices.acl").filter { $0.hasPrefix("pattern") })
    let declared = DeviceTopic.Subject.allCases.map { subject in
      "pattern \(subject == .acknowledgement ? "read" : "write") /devices/%u/\(subject.rawValue)"
    }
    #expect(
      rules == Set(declared + ["pattern read /firmware/%u/#", "pattern readwrite /apps/%u/#"]))
  }

  @Test(arguments: ["notifier.acl", "services.acl"]) func theBrokerLetsNotifiersUseTheOtherEnd(
    _ file: String
  ) throws {
    let rules = try Self.lines(of: "deploy/mosquitto/\(file)").drop { $0 != "user notifier" }
      .dropFirst()
      .prefix { $0.hasPrefix("topic") }
    let declared = DeviceTopic.Subject.allCases.map { subject in
      "topic \(subject == .acknowledgement ? "write" : "read") \(subject.filterOfAllDevices)"
    }
    #expect(Set(rules) == Set(declared + ["topic write /firmware/#", "topic readwrite /apps/#"]))
  }
}
