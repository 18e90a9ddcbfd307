import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct CrashReadTests {
  private func crashes(
    _ fixture: Fixture, of device: DeviceID? = nil, app: String? = nil, before number: UInt64? = nil,
    grouped: Bool = false, limit: Int = 50
  ) async throws -> Page<StoredCrash, UInt64> {
    try await fixture.store.crashes(of: device, app: app, before: number, grouped: grouped, limit: limit)
  }

  @Test func pageByPageAndFiltered() async throws {
    let fixture = try await Fixture.make()
    let (a, b) = (try await fixture.device("a"), try await fixture.device("b"))
    for number in 0..<6 {
      let report = WireCrashReport.sample(number < 4 ? a : b, app: number.isMultiple(of: 2) ? "even" : "odd")
      _ = try await fixture.store.record([Crash(report)])
    }
    let first = try await crashes(fixture, limit: 4)
    #expect(first.items.map(\.number) == [6, 5, 4, 3])
    #expect(try await crashes(fixture, before: first.next).items.map(\.number) == [2, 1])
    #expect(try await crashes(fixture, of: a).items.map(\.number) == [4, 3, 2, 1])
    #expect(try await crashes(fixture, app: "odd").items.map(\.number) == [6, 4, 2])
    #expect(try await crashes(fixture, of: b, app: "odd").items.map(\.number) == [6])
    #expect(try await crashes(fixture, app: "none").items.isEmpty)
    await #expect(throws: RequestFailure.self) { try await crashes(fixture, of: .random()) }
  }

  @Test func equalOnesAreCountedOnce() async throws {
    let fixture = try await Fixture.make()
    let (a, b) = (try await fixture.device("a"), try await fixture.device("b"))
    for (device, function) in [(a, "f"), (b, "f"), (a, "g"), (a, "f")] {
      _ = try await fixture.store.record([Crash(.sample(device, functions: [function]))])
    }
    let groups = try await crashes(fixture, grouped: true)
    #expect(groups.items.map(\.number) == [4, 3])
    #expect(groups.items.map(\.count) == [3, 1])
    #expect(groups.items.map(\.devices) == [2, 1])
    let first = try await crashes(fixture, grouped: true, limit: 1)
    #expect(first.next == 4)
    #expect(try await crashes(fixture, before: first.next, grouped: true).items.map(\.number) == [3])
    #expect(try await crashes(fixture, of: b, grouped: true).items.map(\.count) == [1])
  }

  @Test func oneHasEverythingAndAListLess() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let report = WireCrashReport.sample(device, functions: (0..<20).map { "f\($0)" })
    _ = try await fixture.store.record([Crash(report)])
    let whole = try await fixture.store.crash(1)
    #expect(whole.report == report)
    #expect(whole.count == 1)
    let listed = try #require(try await crashes(fixture).items.first)
    #expect(listed.report.lastLines.isEmpty)
    #expect(listed.report.frames.count == RegistryStore.listedFrames)
    let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.crash(2) }
    #expect(failure?.reason == "unknown-crash")
  }

  @Test func theyGoWithTheirDevice() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.record([Crash(.sample(device))])
    try await fixture.store.deleteDevice(device)
    #expect(try await crashes(fixture).items.isEmpty)
  }
}
