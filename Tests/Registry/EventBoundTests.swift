import DeviceProtocol
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain

@Suite(.seated) struct EventBoundTests {
  /// A device that was given two versions.
  private func device(_ fixture: Fixture, _ name: String) async throws -> DeviceID {
    let device = try await fixture.device(name)
    for number in 1...2 {
      _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)")
    }
    return device
  }

  /// It says something else with every report.
  private func flood(_ fixture: Fixture, _ device: DeviceID, from first: UInt64, _ count: Int) async throws {
    let (a, b) = (try PublishedApp.sample(1).reference(1), try PublishedApp.sample(2).reference(2))
    for start in stride(from: first, to: first + UInt64(count), by: 250) {
      let reports = (start..<min(start + 250, first + UInt64(count))).map { sequence in
        ReceivedReport.state(device, sequence, .running(sequence.isMultiple(of: 2) ? a : b, .trial))
      }
      let verdicts = try await fixture.store.record(reports)
      #expect(verdicts.count == reports.count)
    }
  }

  private func events(_ fixture: Fixture, of device: DeviceID, _ kind: RegistryEvent.Kind) async throws -> Int {
    try await fixture.count(
      "select count(*) as count from registry.events where device_id = $1 and kind = $2",
      [.uuid(device.bytes), .text(kind.rawValue)])
  }

  @Test func whatADeviceTellsTooOftenIsSummedUpInOneEvent() async throws {
    let fixture = try await Fixture.make()
    let (loud, quiet) = (try await device(fixture, "loud"), try await device(fixture, "quiet"))
    try await flood(fixture, loud, from: 1, 2_000)
    let all = try await fixture.count(
      "select written + omitted as count from registry.event_allowances where device_id = $1", [.uuid(loud.bytes)])
    let omitted = try await fixture.count(
      "select omitted as count from registry.event_allowances where device_id = $1", [.uuid(loud.bytes)])
    // The store, and what filled it meanwhile, of which a slow machine has more time for.
    #expect(omitted > 0 && all - omitted >= 1_000)
    #expect(try await fixture.store.device(loud).reported?.running?.version == 1, "the state itself is kept")
    try await flood(fixture, quiet, from: 1, 1)
    #expect(try await events(fixture, of: quiet, .stateReported) == 1)

    // Not at every report: once it is a minute old.
    #expect(try await fixture.store.tellOmittedEvents() == 0)
    try await fixture.pool.execute(
      "update registry.event_allowances set omitted_since = omitted_since - interval '2 minutes'")
    #expect(try await fixture.store.tellOmittedEvents() == omitted)
    #expect(try await fixture.store.tellOmittedEvents() == 0)
    #expect(try await events(fixture, of: loud, .eventsOmitted) == 1)
    let told = try #require(try await fixture.store.events(of: loud, .before(nil), limit: 1).first)
    #expect(told.detail.contains("\"count\": \(omitted)"))
  }

  @Test func whatOperatorsDoIsNeverLeftOut() async throws {
    let fixture = try await Fixture.make()
    let device = try await device(fixture, "loud")
    try await flood(fixture, device, from: 1, 1_500)
    _ = try await fixture.store.assign(.sample(7), to: device, idempotencyKey: "7")
    _ = try await fixture.store.updateDevice(device, name: "renamed", tags: nil)
    #expect(try await events(fixture, of: device, .imageAssigned) == 3)
    #expect(try await events(fixture, of: device, .deviceUpdated) == 1)
  }

  @Test func aDeviceKeepsItsNewestEventsAndWhatOperatorsDid() async throws {
    let fixture = try await Fixture.make()
    let device = try await device(fixture, "loud")
    for round in 0..<13 {
      // As if it had had the time.
      try await fixture.pool.execute("update registry.event_allowances set full_at = clock_timestamp()")
      try await flood(fixture, device, from: UInt64(round * 1_000 + 1), 1_000)
    }
    while try await fixture.store.removeLeftovers() != nil {}
    let kept = try await events(fixture, of: device, .stateReported)
    #expect((9_000...11_000).contains(kept), "\(kept)")
    #expect(try await events(fixture, of: device, .deviceCreated) == 1)
  }
}
