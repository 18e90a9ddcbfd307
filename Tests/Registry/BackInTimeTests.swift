import DeviceProtocol
import FirmwareImage
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

/// Devices whose flash, and Registries whose database, is that of some time ago.
@Suite(.seated) struct BackInTimeTests {
  private func kinds(_ fixture: Fixture, _ device: DeviceID) async throws -> [String] {
    try await fixture.store.events(of: device, .after(0), limit: 100).map(\.kind)
  }

  private func assign(_ fixture: Fixture, _ number: Int, to device: DeviceID) async throws -> FirmwareReference {
    let image = try PublishedApp.sample(number)
    let assignment = try await fixture.store.assign(image, to: device, idempotencyKey: "image \(number)")
    return image.reference(assignment.version)
  }

  @Test func aReportOfARestoredFlashStartsReconciliationAndTellsWhatIsHeld() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(renotifyInterval: 0))
    let device = try await fixture.device()
    let (old, new) = (try await assign(fixture, 1, to: device), try await assign(fixture, 2, to: device))
    _ = try await fixture.store.record([.state(device, 9 << 32, .running(new), epoch: 7)])
    try await fixture.pool.execute("delete from registry.outbox")
    _ = try await fixture.store.record([.presence(device, online: false)])

    let stale = try await fixture.store.record([.state(device, 5 << 32, .running(old), epoch: 7)])
    let held = ReportPosition(epoch: 7, sequence: 9 << 32)
    #expect(stale == [.stale(held: held)])
    #expect(try await fixture.store.device(device).online)
    // It may be late, so it moves nothing; but a device that runs that wants the newer version.
    #expect(try await fixture.store.device(device).reported?.running == new)
    #expect(try await fixture.store.outboxPending() == 1)

    let restated = try await fixture.store.record([
      .state(device, 5 << 32 | 1, .running(old), epoch: 8, supersedes: held)
    ])
    #expect(restated == [.stored])
    #expect(try await fixture.store.device(device).reported?.running == old)
    #expect(try await fixture.store.device(device).state == .pending)
  }

  @Test func aVersionThatWasNeverGivenIsAnEventAndIsShown() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let given = try await assign(fixture, 1, to: device)
    let other = try PublishedApp.sample(2).reference(5)
    _ = try await fixture.store.record([.state(device, 1, .running(given))])
    #expect(try await fixture.store.device(device).divergence == nil)
    _ = try await fixture.store.record([.state(device, 2, .running(other))])
    #expect(try await fixture.store.device(device).divergence == .unknownVersion)
    // A heartbeat is no news.
    _ = try await fixture.store.record([.state(device, 3, .running(other))])
    #expect(try await kinds(fixture, device).filter { $0 == "unknown-version" }.count == 1)
    // The same version of other bytes was not given either.
    _ = try await fixture.store.record([.state(device, 4, .running(try PublishedApp.sample(3).reference(1)))])
    #expect(try await kinds(fixture, device).filter { $0 == "unknown-version" }.count == 2)
    _ = try await fixture.store.record([.state(device, 5, .running(given))])
    #expect(try await fixture.store.device(device).divergence == nil)
  }

  @Test(arguments: [false, true]) func theNextVersionIsAboveWhatTheDeviceHad(hasFailed: Bool) async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await assign(fixture, 1, to: device)
    let had = try PublishedApp.sample(2).reference(41)
    let state =
      hasFailed ? ReportedState.running(nil, .rolledBack, failed: had) : ReportedState.running(had, .confirmed)
    _ = try await fixture.store.record([.state(device, 1, state)])
    #expect(try await assign(fixture, 3, to: device).version > 41)
  }

  /// Both sides of 2^63, and what no assignments lead to: the next version stays one that can be given.
  @Test(arguments: [1 << 52, (1 << 52) + 1, UInt64(Int64.max)] as [UInt64])
  func anAbsurdVersionUsesUpNoNumbers(version: UInt64) async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await assign(fixture, 1, to: device)
    _ = try await fixture.store.record([.state(device, 1, .running(try PublishedApp.sample(2).reference(version)))])
    let next = try await assign(fixture, 3, to: device).version
    #expect(next <= (1 << 52) + 10)
    #expect(try await fixture.store.device(device).divergence == .unknownVersion)
  }

  /// The database is that of before versions 2 and 3: the operator assigns what the device takes for one that it had.
  @Test func whatADeviceTakesNoNoticeOfIsAssignedAgainAbove() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(renotifyInterval: 0))
    let device = try await fixture.device()
    let first = try await assign(fixture, 1, to: device)
    let desired = try await assign(fixture, 4, to: device)
    #expect(desired.version == 2)
    let runs = try PublishedApp.sample(3).reference(3)
    _ = try await fixture.store.record([.state(device, 7, .running(runs))])

    let now = try await fixture.store.device(device)
    #expect(now.desired == FirmwareReference(version: 4, digest: desired.digest))
    #expect(now.state == .pending)
    #expect(try await kinds(fixture, device).contains("image-assigned-again"))
    let firmware = try await fixture.store.firmware(of: device, version: 4)
    #expect(try ImageConfiguration(decoding: firmware.configuration).manifest?.firmwareVersion == 4)
    #expect(try await fixture.count("select count(*) from registry.outbox where version = 4") == 1)
    // The next reports find it well on its way.
    _ = try await fixture.store.record([.state(device, 8, .running(runs))])
    #expect(try await fixture.store.device(device).desired?.version == 4)
    _ = try await fixture.store.record([.state(device, 9, .running(now.desired))])
    #expect(try await fixture.store.device(device).state == .current)
    #expect(first.version == 1)
  }

  /// Two images of one version: the device has the one, the Registry of today gave it the other.
  @Test func oneVersionOfTwoImagesIsAssignedAgainAbove() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let desired = try await assign(fixture, 1, to: device)
    _ = try await fixture.store.record([.state(device, 1, .running(try PublishedApp.sample(9).reference(1)))])
    #expect(
      try await fixture.store.device(device).desired == FirmwareReference(version: 2, digest: desired.digest))
  }

  /// Going back to what the device had is an operator's to decide, and a retry does it.
  @Test func whatTheDeviceHadOnceIsNotSentAgainByItself() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(renotifyInterval: 0))
    let device = try await fixture.device()
    let desired = try await assign(fixture, 1, to: device)
    _ = try await fixture.store.record([.state(device, 1, .running(desired))])
    try await fixture.pool.execute("delete from registry.outbox")
    let runs = try PublishedApp.sample(3).reference(3)
    _ = try await fixture.store.record([.state(device, 2, .running(runs))])
    #expect(try await fixture.store.device(device).desired == desired)
    #expect(try await fixture.store.outboxPending() == 0)
    #expect(try await fixture.store.device(device).divergence == .unknownVersion)

    #expect(try await fixture.store.retryFirmware(of: device) == 4)
    #expect(
      try await fixture.store.device(device).desired == FirmwareReference(version: 4, digest: desired.digest))
    // A repeat, while the device has not decided on it.
    #expect(try await fixture.store.retryFirmware(of: device) == 4)
  }

  /// A device that claims a higher version each time makes no endless versions.
  @Test func assigningAgainHasAnEnd() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await assign(fixture, 1, to: device)
    for round in 1...20 {
      let claimed = try PublishedApp.sample(100 + round).reference(UInt64(round * 100))
      _ = try await fixture.store.record([.state(device, UInt64(round), .running(claimed))])
    }
    let count = try await fixture.count(
      "select count(*) from registry.firmware where device_id = $1", [.uuid(device.bytes)])
    #expect(count == 1 + RegistryStore.assignmentsAgain)
    #expect(try await fixture.store.device(device).divergence != nil)
  }

  /// Nobody can sign, so nothing is assigned; the reports are stored all the same.
  @Test func withoutADirectorTheReportIsStillStored() async throws {
    let folder = try TemporaryFolder("xtblish-director")
    let keyring = DirectorKeyring(directory: folder.path("keys"))
    let fixture = try await Fixture.make(signing: .director(keyring, requiresRootDocument: false))
    let device = try await fixture.device()
    try await fixture.store.ensureDirectorKey()
    let desired = try await assign(fixture, 1, to: device)
    try await fixture.pool.execute("update registry.director_keys set state = 'retired'")
    let verdicts = try await fixture.store.record([
      .state(device, 1, .running(try PublishedApp.sample(9).reference(1)))
    ])
    #expect(verdicts == [.stored])
    #expect(try await fixture.store.device(device).desired == desired)
  }

  @Test func manyDevicesAreAssignedAgainAtOnce() async throws {
    let fixture = try await Fixture.make()
    var reports: [ReceivedReport] = []
    for number in 0..<50 {
      let device = try await fixture.device("d\(number)")
      _ = try await assign(fixture, 1, to: device)
      reports.append(.state(device, 1, .running(try PublishedApp.sample(9).reference(UInt64(number + 1)))))
    }
    _ = try await fixture.store.record(reports)
    #expect(
      try await fixture.count(
        "select count(*) from registry.devices where desired_version = reported_version + 1") == 50)
    #expect(
      try await fixture.count(
        "select count(*) from registry.events where kind = 'image-assigned-again' and id is not null") == 50)
  }

  @Test func anEnrolmentAnewForgetsThePositionOfTheOldFlash() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.record([.state(device, 9 << 32, .running(nil), epoch: 7)])
    _ = try await fixture.store.createDevice(
      NewDevice(id: device, name: "x", tags: [], serial: ""))
    #expect(try await fixture.store.record([.state(device, 1, .running(nil), epoch: 8)]) == [.stored])
  }

  /// Whoever follows events must not wait for their numbers to catch up.
  @Test func whoFollowsEventsOfALaterDatabaseIsTold() async throws {
    let fixture = try await Fixture.make()
    try await fixture.device()
    let newest = try #require(try await fixture.store.events(of: nil, .before(nil), limit: 1).first).id
    #expect(try await fixture.store.events(of: nil, .after(newest), limit: 10) == [])
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.events(of: nil, .after(newest + 1), limit: 10)
    }
    #expect(failure?.reason == "events-went-back")
  }
}
