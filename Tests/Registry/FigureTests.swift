import Foundations
import PostgreSQL
import TestSupport
import Testing

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct FigureTests {
  @Test func devicesAreCountedByStateAndHealth() async throws {
    let fixture = try await Fixture.make()
    #expect(try await fixture.store.deviceCounts().isEmpty)
    for name in ["a", "b"] { try await fixture.device(name) }
    let running = try await fixture.device("c")
    let image = try PublishedApp.sample()
    let version = try await fixture.store.assign(image, to: running, idempotencyKey: "1").version
    _ = try await fixture.store.record([.state(running, 1, .running(image.reference(version)))])
    let counts = try await fixture.store.deviceCounts()
    #expect(counts.count == 2)
    #expect(counts.contains(DeviceCount(state: .unassigned, health: .unknown, count: 2)))
    #expect(counts.contains(DeviceCount(state: .current, health: .healthy, count: 1)))
  }

  @Test func theOldestNotificationTellsHowLongItWaits() async throws {
    let fixture = try await Fixture.make()
    #expect(try await fixture.store.waitingFigures() == WaitingFigures())
    for name in ["a", "b"] {
      _ = try await fixture.store.assign(
        PublishedApp.sample(), to: try await fixture.device(name), idempotencyKey: name)
    }
    try await fixture.pool.execute(
      """
      update registry.outbox set created_at = created_at - interval '1 hour'
      where device_id = (select id from registry.devices where name = 'a')
      """)
    let figures = try await fixture.store.waitingFigures()
    #expect(figures.outboxPending == 2)
    #expect(figures.outboxOldestSeconds >= 3_600 && figures.outboxOldestSeconds < 7_200)
  }
}
