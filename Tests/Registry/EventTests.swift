import FirmwareImage
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct EventTests {
  @Test func pagesInBothDirections() async throws {
    let fixture = try await Fixture.make()
    let id = try await fixture.device()
    for number in 1...6 { _ = try await fixture.store.updateDevice(id, name: "n\(number)", tags: nil) }
    let newest = try await fixture.store.events(of: id, .before(nil), limit: 3)
    #expect(newest.map(\.detail).allSatisfy { $0.contains("name") })
    let older = try await fixture.store.events(of: id, .before(newest.last?.id), limit: 10)
    #expect(older.count == 4)
    let all = newest + older
    #expect(all.map(\.id) == all.map(\.id).sorted(by: >))
    let forward = try await fixture.store.events(of: nil, .after(older[1].id), limit: 10)
    #expect(forward.map(\.id) == all.map(\.id).filter { $0 > older[1].id }.sorted())
  }

  @Test func eventsOfAnUnknownDeviceAreAnError() async throws {
    let fixture = try await Fixture.make()
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.events(of: .random(), .before(nil), limit: 3)
    }
    #expect(failure?.reason == "unknown-device")
  }

  /// An event that is written early and committed late must not be passed by: it gets its ID late.
  @Test func aFollowerMissesNoneThatCommitsLate() async throws {
    let fixture = try await Fixture.make()
    let (slow, quick) = (try await fixture.device("slow"), try await fixture.device("quick"))
    let start = try #require(try await fixture.store.events(of: nil, .before(nil), limit: 1).first).id
    let (hasWritten, mayCommit) = (TaskSignal(), TaskSignal())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await fixture.pool.withTransaction { transaction in
          try await RegistryStore.append(.deviceUpdated, of: slow, [:], transaction)
          hasWritten.wake()
          await mayCommit.wait(upTo: .seconds(60))
        }
      }
      await hasWritten.wait(upTo: .seconds(60))
      // Nobody waits for the slow one meanwhile.
      _ = try await fixture.store.updateDevice(quick, name: "quicker", tags: nil)
      #expect(try await fixture.store.events(of: nil, .after(start), limit: 10).map(\.device) == [quick])
      mayCommit.wake()
      try await group.waitForAll()
    }
    let events = try await fixture.store.events(of: nil, .after(start), limit: 10)
    #expect(events.map(\.device) == [quick, slow])
    #expect(try await fixture.store.events(of: nil, .after(events[0].id), limit: 10).map(\.device) == [slow])
  }
}
