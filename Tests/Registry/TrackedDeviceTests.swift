import DeviceProtocol
import FoundationEssentials
import TestSupport
import Testing

@testable import RegistryDomain

@Suite(.seated) struct TrackedDeviceTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let fresh = TrackedDevice(
    position: ReportPosition(sequence: 0), lastSeen: nil, onlineUntil: nil, reported: nil)

  @Test func aHeartbeatMovesTheClockAndNothingElse() throws {
    var device = fresh
    let state = ReportedState.running(try PublishedApp.sample().reference(1))
    let first = device.take(.state(state, at: ReportPosition(sequence: 1)), now: now, onlineWindow: 90)
    #expect(first.verdict == .stored)
    #expect(first.changes == [.cameOnline, .stateReported])
    let since = device.reported?.at
    let later = now.addingTimeInterval(30)
    let second = device.take(.state(state, at: ReportPosition(sequence: 2)), now: later, onlineWindow: 90)
    #expect(second.verdict == .stored)
    #expect(second.changes == [])
    #expect(device.lastSeen == later)
    #expect(device.onlineUntil == later.addingTimeInterval(90))
    #expect(device.reported?.at == since)
  }

  /// Its device is there all the same: only what it says may be late.
  @Test(arguments: [1, 4, 5] as [UInt64])
  func aReportThatIsNotNewerSaysOnlyThatTheDeviceIsThere(sequence: UInt64) throws {
    var device = fresh
    _ = device.take(
      .state(.running(try PublishedApp.sample(1).reference(1)), at: ReportPosition(sequence: 5)), now: now,
      onlineWindow: 90)
    let before = device
    let later = now.addingTimeInterval(60)
    let outcome = device.take(
      .state(.running(try PublishedApp.sample(2).reference(2)), at: ReportPosition(sequence: sequence)), now: later,
      onlineWindow: 90)
    #expect(outcome.verdict == .stale(held: ReportPosition(sequence: 5)))
    #expect(outcome.changes == [])
    #expect(device.reported == before.reported)
    #expect(device.position == before.position)
    #expect(device.lastSeen == later)
  }

  @Test func theSameReportAgainIsStoredAlready() throws {
    var device = fresh
    let content = ReceivedReport.Content.state(
      .running(try PublishedApp.sample().reference(1)), at: ReportPosition(epoch: 3, sequence: 5))
    #expect(device.take(content, now: now, onlineWindow: 90).verdict == .stored)
    #expect(device.take(content, now: now, onlineWindow: 90).verdict == .repeated)
  }

  /// Every order of what two lives of a flash said, each message once in time and once late.
  @Test func onlyWhoKnowsWhatIsHeldTakesItsPlace() throws {
    let (old, new) = (try PublishedApp.sample(1).reference(1), try PublishedApp.sample(2).reference(2))
    let (before, after) = (ReportPosition(epoch: 7, sequence: 9 << 32), ReportPosition(epoch: 8, sequence: 1 << 32))
    var device = fresh
    _ = device.take(.state(.running(new), at: before), now: now, onlineWindow: 90)
    // The flash was lost: its count is lower, and it does not know what is held.
    var verdict = device.take(.state(.running(nil), at: after), now: now, onlineWindow: 90).verdict
    #expect(verdict == .stale(held: before))
    // Somebody who knew something else.
    verdict =
      device.take(
        .state(.running(nil), at: after, supersedes: ReportPosition(epoch: 7, sequence: 1)), now: now, onlineWindow: 90
      ).verdict
    #expect(verdict == .stale(held: before))
    let restated = ReportPosition(epoch: 8, sequence: after.sequence + 1)
    verdict =
      device.take(.state(.running(old), at: restated, supersedes: before), now: now, onlineWindow: 90).verdict
    #expect(verdict == .stored)
    #expect(device.reported?.running == old)
    // Whatever the old life said comes too late now, and so does the first word of the new one.
    for (late, supersedes) in [
      (before, nil), (ReportPosition(epoch: 7, sequence: .max >> 1), nil), (after, nil), (after, before),
    ] as [(ReportPosition, ReportPosition?)] {
      let outcome = device.take(
        .state(.running(new), at: late, supersedes: supersedes), now: now, onlineWindow: 90)
      #expect(outcome.verdict == .stale(held: restated))
    }
    #expect(device.reported?.running == old)
  }

  /// Agents of before have no epoch, and Notifiers of before leave it out.
  @Test func withoutAnEpochNumbersCount() throws {
    let state = ReportedState.running(try PublishedApp.sample().reference(1))
    var device = fresh
    for position in [
      ReportPosition(sequence: 5), ReportPosition(epoch: 7, sequence: 6), ReportPosition(sequence: 7),
      ReportPosition(epoch: 7, sequence: 8),
    ] {
      #expect(device.take(.state(state, at: position), now: now, onlineWindow: 90).verdict == .stored)
    }
    #expect(device.position == ReportPosition(epoch: 7, sequence: 8))
    let stale = device.take(.state(.running(nil), at: ReportPosition(sequence: 8)), now: now, onlineWindow: 90)
    #expect(stale.verdict == .stale(held: device.position))
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
    let (good, bad) = (try PublishedApp.sample(1).reference(1), try PublishedApp.sample(2).reference(2))
    _ = device.take(
      .state(.running(good, .rolledBack, failed: bad), at: ReportPosition(sequence: 1)), now: now, onlineWindow: 90)
    // After a restart the device no longer mentions it.
    _ = device.take(.state(.running(good, .confirmed), at: ReportPosition(sequence: 2)), now: now, onlineWindow: 90)
    #expect(device.reported?.failed == bad)
    #expect(device.reported?.status == .confirmed)
    _ = device.take(.state(.running(bad, .trial), at: ReportPosition(sequence: 3)), now: now, onlineWindow: 90)
    #expect(device.reported?.failed == nil)
  }

  @Test func aNewerFailureReplacesTheOldOne() throws {
    var device = fresh
    let (good, bad, worse) = (
      try PublishedApp.sample(1).reference(1), try PublishedApp.sample(2).reference(2),
      try PublishedApp.sample(3).reference(3)
    )
    _ = device.take(
      .state(.running(good, .rolledBack, failed: bad), at: ReportPosition(sequence: 1)), now: now, onlineWindow: 90)
    let outcome = device.take(
      .state(.running(good, .refused, failed: worse), at: ReportPosition(sequence: 2)), now: now, onlineWindow: 90)
    #expect(outcome.changes == [.stateReported])
    #expect(device.reported?.failed == worse)
  }
}
