import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import TestSupport
import Testing

@testable import RegistryDomain

@Suite(.seated) struct ReconcileTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private static func references() throws -> [FirmwareReference?] {
    let (one, two) = (try PublishedApp.sample(1), try PublishedApp.sample(2))
    // The same digest as another version, and the same version with another digest: both must count as different.
    return [nil, one.reference(1), two.reference(2), one.reference(3), two.reference(1)]
  }

  /// Every combination of what is desired, running, failed, pending and notified, against the rules in words.
  @Test func everyCombination() throws {
    let references = try Self.references()
    var seen: Set<String> = []
    for desired in references {
      for running in references {
        for failed in references {
          for status in RunStatus.allCases {
            for (pending, tried) in [(false, false), (false, true), (true, false), (true, true)] {
              for age: TimeInterval? in [nil, 0, 4.9, 5, 3600, -1, -3600] {
                let decision = reconcile(
                  desired: desired.map {
                    DesiredFirmware(
                      $0, isNotificationPending: pending, notifiedAt: age.map { Self.now.addingTimeInterval(-$0) },
                      wasTried: tried)
                  },
                  reported: .running(running, status, failed: failed), now: Self.now, interval: 5)
                let isRecent = age.map { abs($0) < 5 } ?? false
                let had = max(running?.version ?? 0, failed?.version ?? 0)
                let expected: ReconcileDecision
                switch (desired, running == desired, failed == desired, pending || isRecent) {
                case (nil, _, _, _): expected = .nothingDesired
                case (_, true, _, _): expected = .running
                case (_, _, true, _): expected = .heldBack
                case (let wanted?, _, _, _) where wanted.version <= had: expected = tried ? .ahead : .assignAgain
                case (_, _, _, true): expected = .alreadyNotified
                default: expected = .notify
                }
                #expect(decision == expected)
                seen.insert("\(decision)")
              }
            }
          }
        }
      }
    }
    #expect(seen.count == 7)
  }

  @Test func aVersionThatGoesBackToAnOldDigestIsNotified() throws {
    let image = try PublishedApp.sample(1)
    let decision = reconcile(
      desired: DesiredFirmware(image.reference(3)), reported: .running(image.reference(1)), now: Self.now, interval: 5)
    #expect(decision == .notify)
  }

  @Test func aRolledBackVersionIsHeldBackUntilAnotherIsDesired() throws {
    let (old, bad, new) = (try PublishedApp.sample(1), try PublishedApp.sample(2), try PublishedApp.sample(3))
    let reported = ReportedState.running(old.reference(1), .rolledBack, failed: bad.reference(2))
    func decide(_ desired: FirmwareReference) -> ReconcileDecision {
      reconcile(desired: DesiredFirmware(desired), reported: reported, now: Self.now, interval: 5)
    }
    #expect(decide(bad.reference(2)) == .heldBack)
    #expect(decide(new.reference(3)) == .notify)
    // The same bytes again, as a new version: an operator says so.
    #expect(decide(bad.reference(3)) == .notify)
  }

  /// A device that claims what no assignments lead to does not make the Registry count up to it.
  @Test func anAbsurdVersionIsNotFollowed() throws {
    let image = try PublishedApp.sample(1)
    let decision = reconcile(
      desired: DesiredFirmware(image.reference(3)), reported: .running(image.reference(1 << 62)), now: Self.now,
      interval: 5)
    #expect(decision == .ahead)
  }
}
