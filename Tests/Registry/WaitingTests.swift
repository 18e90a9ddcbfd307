import DeviceProtocol
import Foundation
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing

@testable import RegistryDomain
@testable import RegistryMessages

/// A device that does not run what it should has a reason.
@Suite(.seated) struct WaitingTests {
  private static let now = Date(timeIntervalSince1970: 1_790_000_000)
  private static let desired = FirmwareReference(
    version: 5, digest: SHA256Digest(bytes: [UInt8](repeating: 5, count: 32))!)
  private static let other = FirmwareReference(
    version: 4, digest: SHA256Digest(bytes: [UInt8](repeating: 4, count: 32))!)

  private func device(
    _ state: DeploymentState = .pending, online: Bool = true, reported: ReportedState? = nil
  ) -> Device {
    Device(
      id: .random(), name: "d", tags: [], serial: "", revision: 1, createdAt: Self.now, online: online,
      lastSeen: Self.now, state: state, health: .healthy, healthReason: "", desired: Self.desired, reported: reported)
  }

  private func reported(_ running: FirmwareReference = other, waiting: Waiting? = nil) -> ReportedState {
    ReportedState(
      running: running, slot: "A", status: .confirmed, reason: "", at: Self.now, failed: nil, waiting: waiting)
  }

  private func reason(_ device: Device, pending: Bool = false, notified: Date? = now) -> String? {
    Waiting.reason(for: device, .init(isPending: pending, at: notified))?.reason
  }

  @Test func whatIsPendingAlwaysHasAReason() {
    let said = Waiting(version: 5, reason: "the store answered 503", since: Self.now)
    #expect(reason(device(reported: reported(waiting: said))) == "the store answered 503")
    #expect(reason(device(online: false, reported: reported(waiting: said))) == "the device is offline")
    #expect(reason(device()) == "the device is online and has not said what it runs")
    #expect(reason(device(reported: reported()), pending: true) == "the broker has not taken the notification yet")
    #expect(reason(device(reported: reported())) == "the device was notified and has not answered yet")
    #expect(reason(device(reported: reported(Self.desired))) == "on trial")
    // Of another version: said, with which.
    let early = Waiting(version: 6, reason: "no", since: nil)
    #expect(reason(device(reported: reported(waiting: early))) == "the device is at version 6: no")
    #expect(reason(device(.failed, reported: reported()))?.hasPrefix("held back") == true)
    #expect(reason(device(.current, reported: reported(Self.desired))) == nil)
  }

  @Test func anotherReasonIsStoredAndIsNoEvent() {
    var tracked = TrackedDevice(
      position: ReportPosition(epoch: 1, sequence: 1), lastSeen: Self.now, onlineUntil: Self.now + 60,
      reported: reported())
    let said = reported(waiting: Waiting(version: 5, reason: "r", since: nil))
    let (verdict, changes) = tracked.take(
      .state(said, at: ReportPosition(epoch: 1, sequence: 2), supersedes: nil), now: Self.now, onlineWindow: 60)
    #expect(verdict == .stored && changes == [.waitsForOther])
    #expect(tracked.reported?.waiting?.reason == "r")
  }

  /// Through the database, with a list and a device alike.
  @Test func whatADeviceWaitsForIsShown() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.assign(try PublishedApp.sample(), to: device, idempotencyKey: "k")
    func shown() async throws -> Waiting? {
      let listed = try await fixture.store.devices(
        DeviceFilter(namePrefix: "", tags: [], state: nil), after: nil, limit: 10
      ).items.first {
        $0.id == device
      }
      let alone = try await fixture.store.device(device)
      #expect(listed == alone)
      return alone.waiting
    }
    #expect(try await shown()?.reason == "the device was never heard of")
    func report(_ sequence: UInt64, _ waiting: Waiting?) async throws {
      var state = ReportedState.running(nil)
      state.waiting = waiting
      _ = try await fixture.store.record([
        ReceivedReport(device: device, content: .state(state, at: ReportPosition(sequence: sequence)))
      ])
    }
    try await report(1, nil)
    #expect(try await shown()?.reason == "the broker has not taken the notification yet")
    let said = Waiting(version: 1, reason: "the store answered 503", since: Date(timeIntervalSince1970: 1_790_000_000))
    try await report(2, said)
    #expect(try await shown() == said)
    let events = try await fixture.count("select count(*) as count from registry.events where kind = 'state-reported'")
    #expect(events == 1)
    try await report(3, nil)
    #expect(try await shown()?.reason == "the broker has not taken the notification yet")
  }
}
