import FoundationEssentials
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct DeviceHealthTests {
  /// A device that is there and confirmed what it runs.
  private func device(_ fixture: Fixture, _ name: String) async throws -> DeviceID {
    let device = try await fixture.device(name)
    let image = try PublishedApp.sample()
    let version = try await fixture.store.assign(image, to: device, idempotencyKey: "1").version
    _ = try await fixture.store.record([.state(device, 1, .running(image.reference(version)))])
    return device
  }

  private func crash(_ device: DeviceID, of version: UInt64 = 1, secondsAgo: Double = 0) throws -> Crash {
    var report = WireCrashReport.sample(device)
    report.firmwareVersion = version
    report.id = Data((0..<16).map { _ in UInt8.random(in: 0...255) })
    report.realtimeNanoseconds = UInt64((Date().timeIntervalSince1970 - secondsAgo) * 1e9)
    return try Crash(report)
  }

  private func names(_ fixture: Fixture, _ health: DeviceHealth) async throws -> [String] {
    try await fixture.store.devices(
      DeviceFilter(namePrefix: "", tags: [], state: "", health: health.rawValue), after: nil, limit: 50
    ).items.map(\.name)
  }

  @Test func aDeviceThatCrashesAgainAndAgainDoesNotLookHealthy() async throws {
    let fixture = try await Fixture.make()
    let (good, bad) = (try await device(fixture, "good"), try await device(fixture, "bad"))
    #expect(try await fixture.store.device(bad).health == .healthy)
    for number in 1...4 {
      _ = try await fixture.store.record([crash(bad)])
      let now = try await fixture.store.device(bad)
      // Both are true of it: it has the right version, and that does not work.
      #expect(now.state == .current && now.online)
      #expect(now.health == (number < DeviceHealth.crashLoop ? .restarting : .crashLooping))
      #expect(now.healthReason == "\(number) crash\(number == 1 ? "" : "es") within 15 minutes")
    }
    #expect(try await fixture.store.device(good).health == .healthy)
    #expect(try await fixture.store.device(good).healthReason.isEmpty)
    #expect(try await names(fixture, .crashLooping) == ["bad"])
    #expect(try await names(fixture, .healthy) == ["good"])
    #expect(try await names(fixture, .restarting).isEmpty)
  }

  /// Whoever mends a device by another version sees whether it helped, not what was before.
  @Test func crashesCountWhileTheirVersionRuns() async throws {
    let fixture = try await Fixture.make()
    let device = try await device(fixture, "mended")
    _ = try await fixture.store.record((1...3).map { _ in try crash(device) })
    #expect(try await names(fixture, .crashLooping) == ["mended"])
    let image = try PublishedApp.sample(2)
    let version = try await fixture.store.assign(image, to: device, idempotencyKey: "2").version
    _ = try await fixture.store.record([.state(device, 2, .running(image.reference(version)))])
    #expect(try await fixture.store.device(device).health == .healthy)
    #expect(try await names(fixture, .healthy) == ["mended"])
    // A late crash of the version before.
    _ = try await fixture.store.record([crash(device)])
    #expect(try await fixture.store.device(device).health == .healthy)
    _ = try await fixture.store.record([crash(device, of: UInt64(version))])
    #expect(try await fixture.store.device(device).health == .restarting)
    #expect(try await fixture.store.device(device).healthReason == "1 crash within 15 minutes")
    #expect(try await names(fixture, .restarting) == ["mended"])
  }

  @Test func aDeviceThatHoldsIsHealthyAgain() async throws {
    let fixture = try await Fixture.make()
    let device = try await device(fixture, "was bad")
    _ = try await fixture.store.record([crash(device), crash(device), crash(device)])
    #expect(try await fixture.store.device(device).health == .crashLooping)
    // As if the time had passed.
    try await fixture.pool.execute(
      """
      update registry.devices
      set restarting_until = restarting_until - interval '16 minutes',
        crash_looping_until = crash_looping_until - interval '16 minutes'
      """)
    #expect(try await fixture.store.device(device).health == .healthy)
    #expect(try await names(fixture, .healthy) == ["was bad"])
  }

  @Test func crashesOfLongAgoThatCameLateSayNothingOfNow() async throws {
    let fixture = try await Fixture.make()
    let device = try await device(fixture, "back again")
    _ = try await fixture.store.record((1...5).map { try crash(device, secondsAgo: Double($0) * 86_400) })
    #expect(try await fixture.store.device(device).health == .healthy)
    _ = try await fixture.store.record([crash(device)])
    #expect(try await fixture.store.device(device).healthReason == "1 crash within 15 minutes")
  }

  @Test func whoNeverSpokeIsUnknownAndWhoStoppedIsSilent() async throws {
    let fixture = try await Fixture.make()
    try await fixture.device("new")
    let gone = try await device(fixture, "gone")
    _ = try await fixture.store.record([crash(gone), crash(gone), crash(gone)])
    _ = try await fixture.store.record([.presence(gone, online: false)])
    #expect(try await fixture.store.device(gone).health == .silent)
    #expect(try await names(fixture, .unknown) == ["new"])
    #expect(try await names(fixture, .silent) == ["gone"])
    #expect(throws: RequestFailure.self) { try DeviceFilter(namePrefix: "", tags: [], state: "", health: "ill") }
  }
}
