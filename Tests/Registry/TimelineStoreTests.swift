import DeviceProtocol
import Foundations
import PostgreSQL
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

/// What is kept of the way of a version to its device.
@Suite(.seated) struct TimelineStoreTests {
  private static let trace = TraceContext(isSampled: true, requestID: "build-7")

  private static func origin() -> DeploymentOrigin {
    DeploymentOrigin(trace: trace, marks: [DeploymentMark("received", 1_000), DeploymentMark("stored", 2_000)])
  }

  private static let notifier = StubNotifier { notify throws(WireFailure) in
    WireNotifyResponse.with {
      $0.outcomes = notify.notifications.map { _ in
        WireNotificationOutcome.with {
          $0.acknowledged = true
          $0.publishedMicroseconds = 10
          $0.acknowledgedMicroseconds = 30
        }
      }
    }
  }

  private static func deliver(_ fixture: Fixture) async throws {
    try await running([OutboxDispatcher(fixture.store, notifier)]) {
      try await eventually { try await fixture.store.outboxPending() == 0 }
    }
  }

  private static func timing(_ marks: [DeploymentMark]) -> DeviceTiming {
    DeviceTiming(version: 1, marks: marks, parentSpan: trace.spanID, imageBytes: 644)
  }

  @Test func aDeploymentIsFollowedFromTheRequestToTheFirstLine() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    _ = try await fixture.store.assign(image, to: device, idempotencyKey: "k", by: .anonymous, origin: Self.origin())
    try await Self.deliver(fixture)
    var state = ReportedState.running(image.reference(1), .trial)
    state.timing = Self.timing([DeploymentMark("head-checked", 5), DeploymentMark("reported", 10)])
    _ = try await fixture.store.record([.state(device, 1, state)])
    state = .running(image.reference(1))
    state.timing = Self.timing([
      DeploymentMark("head-checked", 5), DeploymentMark("first-line", 20), DeploymentMark("confirmed", 30),
      DeploymentMark("reported", 40),
    ])
    _ = try await fixture.store.record([.state(device, 2, state)])

    let timeline = try await fixture.store.timeline(of: device, version: 1)
    let names = timeline.steps.map(\.name)
    #expect(
      names == [
        "received", "stored", "assigned", "taken", "published", "acknowledged", "head-checked", "first-line",
        "confirmed",
      ])
    #expect(timeline.trace?.traceID == Self.trace.traceID && timeline.trace?.requestID == "build-7")
    #expect(timeline.device?.parentSpan == Self.trace.spanID && timeline.device?.imageBytes == 644)
    #expect(timeline.steps.reduce(0) { $0 + $1.took } == timeline.steps.last?.at)
    #expect(try await fixture.store.timeline(of: device, version: nil) == timeline)
    // The trace goes along with the notification.
    let notification = try #require(Self.notifier.deliveries.first { $0.key.device == device }?.notification)
    #expect(notification.traceParent == Self.trace.description && notification.requestID == "build-7")
  }

  @Test func aDeviceThatTellsNothingLeavesTheServersSteps() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    _ = try await fixture.store.assign(image, to: device, idempotencyKey: "k", by: .anonymous, origin: Self.origin())
    try await Self.deliver(fixture)
    _ = try await fixture.store.record([.state(device, 1, .running(image.reference(1)))])
    let timeline = try await fixture.store.timeline(of: device, version: 1)
    #expect(timeline.steps.last?.name == "acknowledged" && timeline.firstLine == nil)
  }

  @Test func aVersionOfAReleaseThatKeptNoTimesHasNoSteps() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.assign(.sample(), to: device, idempotencyKey: "k")
    _ = try await fixture.pool.query("update registry.firmware set timeline = null")
    try await Self.deliver(fixture)
    #expect(try await fixture.store.timeline(of: device, version: 1).steps.isEmpty)
  }

  @Test func whatADeviceToldStaysTiedToTheNotificationThatItGot() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    _ = try await fixture.store.assign(image, to: device, idempotencyKey: "k", by: .anonymous, origin: Self.origin())
    try await Self.deliver(fixture)
    var state = ReportedState.running(image.reference(1))
    state.timing = Self.timing([DeploymentMark("first-line", 20), DeploymentMark("reported", 40)])
    _ = try await fixture.store.record([.state(device, 1, state)])
    let before = try await fixture.store.timeline(of: device, version: 1)
    _ = try await fixture.store.renotify(device)
    try await Self.deliver(fixture)
    #expect(try await fixture.store.timeline(of: device, version: 1) == before)
  }

  @Test func aVersionThatIsNotThereHasNoTimeline() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    await #expect(throws: RequestFailure.self) { try await fixture.store.timeline(of: device, version: 9) }
    await #expect(throws: RequestFailure.self) { try await fixture.store.timeline(of: .random(), version: nil) }
  }
}
