import FoundationEssentials
import Testing

@testable import RegistryCore

@Suite struct TrackedDeviceTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let fresh = TrackedDevice(sequence: 0, lastSeen: nil, onlineUntil: nil, reported: nil)

  @Test func aHeartbeatMovesTheClockAndNothingElse() throws {
    var device = fresh
    let state = ReportedState.running(try AppImage.sample().reference(1))
    let first = device.take(.state(state, sequence: 1), now: now, onlineWindow: 90)
    #expect(first.verdict == .stored)
    #expect(first.changes == [.cameOnline, .stateReported])
    let since = device.reported?.at
    let later = now.addingTimeInterval(30)
    let second = device.take(.state(state, sequence: 2), now: later, onlineWindow: 90)
    #expect(second.verdict == .stored)
    #expect(second.changes == [])
    #expect(device.lastSeen == later)
    #expect(device.onlineUntil == later.addingTimeInterval(90))
    #expect(device.reported?.at == since)
  }

  @Test(arguments: [1, 4, 5] as [UInt64])
  func aReportThatIsNotNewerChangesNothing(sequence: UInt64) throws {
    var device = fresh
    _ = device.take(
      .state(.running(try AppImage.sample(1).reference(1)), sequence: 5), now: now, onlineWindow: 90)
    let before = device
    let outcome = device.take(
      .state(.running(try AppImage.sample(2).reference(2)), sequence: sequence), now: now.addingTimeInterval(60),
      onlineWindow: 90)
    #expect(outcome.verdict == .stale)
    #expect(outcome.changes == [])
    #expect(device == before)
  }

  @Test func presenceGoesBothWaysOnce() {
    var device = fresh
    #expect(device.take(.presence(online: false), now: now, onlineWindow: 90).changes == [])
    #expect(device.take(.presence(online: true), now: now, onlineWindow: 90).changes == [.cameOnline])
    #expect(device.take(.presence(online: true), now: now, onlineWindow: 90).changes == [])
    #expect(device.take(.presence(online: false), now: now, onlineWindow: 90).changes == [.wentOffline])
    #expect(device.onlineUntil == nil)
    #expect(device.lastSeen == now)
  }

  @Test func aDeviceThatWasSilentForTooLongComesOnlineAgain() {
    var device = fresh
    _ = device.take(.presence(online: true), now: now, onlineWindow: 90)
    #expect(
      device.take(.presence(online: true), now: now.addingTimeInterval(90), onlineWindow: 90).changes == [.cameOnline])
  }

  @Test func aFailureIsRememberedUntilItRuns() throws {
    var device = fresh
    let (good, bad) = (try AppImage.sample(1).reference(1), try AppImage.sample(2).reference(2))
    _ = device.take(.state(.running(good, .rolledBack, failed: bad), sequence: 1), now: now, onlineWindow: 90)
    // After a restart the device no longer mentions it.
    _ = device.take(.state(.running(good, .confirmed), sequence: 2), now: now, onlineWindow: 90)
    #expect(device.reported?.failed == bad)
    #expect(device.reported?.status == .confirmed)
    _ = device.take(.state(.running(bad, .trial), sequence: 3), now: now, onlineWindow: 90)
    #expect(device.reported?.failed == nil)
  }

  @Test func aNewerFailureReplacesTheOldOne() throws {
    var device = fresh
    let (good, bad, worse) = (
      try AppImage.sample(1).reference(1), try AppImage.sample(2).reference(2), try AppImage.sample(3).reference(3)
    )
    _ = device.take(.state(.running(good, .rolledBack, failed: bad), sequence: 1), now: now, onlineWindow: 90)
    let outcome = device.take(
      .state(.running(good, .refused, failed: worse), sequence: 2), now: now, onlineWindow: 90)
    #expect(outcome.changes == [.stateReported])
    #expect(device.reported?.failed == worse)
  }
}
