import Foundation
import Foundations
import TestSupport
import Testing
import TextFormats

@testable import RegistryDomain

/// How the times of several programs, each by its own clock, become one line.
@Suite(.seated) struct DeploymentTimelineTests {
  private static let assignedAt = Date(timeIntervalSince1970: 1_790_000_000)

  private static func timeline(_ json: String) throws -> DeploymentTimeline {
    DeploymentTimeline(version: 7, assignedAt: assignedAt, try #require(JSONValue(parsing: Array(json.utf8))))
  }

  private static let whole = #"""
    {"traceParent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","requestID":"build-7",
     "store":[["received",1000],["stored",3000]],"assigned":5000,
     "notify":[["taken",2000],["published",2500],["acknowledged",3000]],
     "device":{"imageBytes":600,"marks":[["head-checked",100],["first-line",4000],["switched",4500],["reported",5000]]},
     "recorded":9000}
    """#

  @Test func eachStepTakesFromTheEndOfTheOneBefore() throws {
    let timeline = try Self.timeline(Self.whole)
    let steps = timeline.steps
    #expect(
      steps.map(\.name) == [
        "received", "stored", "assigned", "taken", "published", "acknowledged", "head-checked", "first-line",
        "switched",
      ])
    #expect(steps.map(\.at) == [1_000, 3_000, 5_000, 7_000, 7_500, 8_000, 8_100, 12_000, 12_500])
    #expect(steps.map(\.took) == [1_000, 2_000, 2_000, 2_000, 500, 500, 100, 3_900, 500])
    #expect(
      steps.map(\.program) == [
        .imageStore, .imageStore, .registry, .registry, .notifier, .notifier, .device, .appHost, .device,
      ])
    #expect(timeline.firstLine == 12_000 && timeline.firstLine == steps.prefix(8).reduce(0) { $0 + $1.took })
    #expect(timeline.beganAt == Self.assignedAt.addingTimeInterval(-0.005))
    #expect(timeline.trace?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && timeline.trace?.requestID == "build-7")
  }

  @Test func aNotificationArrivesNoLaterThanTheReportThatCountsFromItAllows() throws {
    // The broker's acknowledgement was late: the device had the message before.
    let timeline = try Self.timeline(
      Self.whole.replacing(#"["acknowledged",3000]"#, with: #"["acknowledged",6000]"#))
    #expect(timeline.arrival == 5_000 + 9_000 - 5_000)
    #expect(timeline.steps.map(\.at) == timeline.steps.map(\.at).sorted())
  }

  @Test func aNotificationDoesNotArriveBeforeItIsPublished() throws {
    let timeline = try Self.timeline(Self.whole.replacing(#""recorded":9000"#, with: #""recorded":5100"#))
    #expect(timeline.arrival == 7_500)
  }

  @Test func ofADeviceThatTellsNothingTheServersStepsAreKnown() throws {
    let timeline = try Self.timeline(#"{"store":[["received",10]],"assigned":20,"notify":[["taken",5]]}"#)
    #expect(timeline.steps.map(\.name) == ["received", "assigned", "taken"])
    #expect(timeline.firstLine == nil && timeline.arrival == nil && timeline.trace == nil)
  }

  @Test(arguments: ["null", "{}", #"{"assigned":"x"}"#, #"{"store":{},"notify":[["a"]],"device":[]}"#])
  func whatIsNoTimelineHasNoSteps(_ json: String) throws {
    #expect(try Self.timeline(json).steps.isEmpty)
  }

  @Test func whatCannotBeKeptIsLeftOut() {
    let marks = [
      DeploymentMark("good", 1), DeploymentMark("Bad", 2), DeploymentMark("", 3),
      DeploymentMark("late", DeploymentMark.maximumMicroseconds + 1),
      DeploymentMark(String(repeating: "x", count: 33), 4),
    ]
    #expect(marks.plausible == [DeploymentMark("good", 1)])
    #expect((0..<100).map { DeploymentMark("a", $0) }.plausible.count == DeploymentMark.maximumCount)
  }
}
