import DeviceProtocol
import Foundations
import TestSupport
import Testing

@testable import UpdateCore

@Suite(.seated) struct UpdateMachineTests {
  static func notification(_ version: UInt64, digest: UInt8? = nil, url: String = "http://store/")
    -> FirmwareOffer
  {
    FirmwareOffer(
      version: version,
      digest: SHA256Digest(bytes: [UInt8](repeating: digest ?? UInt8(truncatingIfNeeded: version), count: 32))!,
      sizeBytes: 600, url: url)
  }

  /// A device that runs `version`, confirmed, in slot A.
  static func running(_ version: UInt64, policy: UpdatePolicy = UpdatePolicy()) -> UpdateMachine {
    var machine = UpdateMachine(record: BootRecord(), policy: policy)
    _ = machine.handle(.started(pending: nil))
    install(version, &machine)
    _ = machine.handle(.healthConfirmed(.a))
    precondition(machine.phase == .confirmed && machine.record.active == .a)
    return machine
  }

  /// Up to the trial.
  static func install(_ version: UInt64, _ machine: inout UpdateMachine) {
    let slot = machine.record.spare
    _ = machine.handle(.offered(notification(version)))
    _ = machine.handle(.downloaded(version: version))
    _ = machine.handle(.staged(version: version))
    _ = machine.handle(.appStarted(slot))
    _ = machine.handle(.appActivated(slot, gapNanoseconds: 1_000_000))
  }

  @Test func theFirstVersionGoesFromNoticeToConfirmation() {
    var machine = UpdateMachine(record: BootRecord())
    let first = Self.notification(1)
    #expect(machine.handle(.started(pending: nil)) == [.saveRecord, .report])
    #expect(machine.report.version == 0)
    #expect(machine.handle(.offered(first)) == [.startDownload(first, into: .a), .note(.downloading(version: 1))])
    #expect(machine.handle(.downloaded(version: 1)) == [.note(.verified(version: 1)), .stage(first, into: .a)])
    #expect(machine.handle(.staged(version: 1)) == [.saveRecord, .discardDownload, .launch(.a)])
    #expect(machine.handle(.appStarted(.a)) == [.switchOver(from: nil, to: .a)])
    #expect(
      machine.handle(.appActivated(.a)) == [.note(.trial(version: 1)), .startTrialTimer(version: 1), .report])
    #expect(machine.report.status == .trial)
    #expect(
      machine.handle(.healthConfirmed(.a)) == [
        .stopTrialTimer, .saveRecord, .report, .note(.confirmed(version: 1)),
      ])
    #expect(
      machine.report
        == DeviceReport(
          version: 1, digest: first.digest, slot: .a, status: .confirmed, reason: "", failed: nil))
  }

  @Test func theOldAppRunsUntilTheNewOneIsUp() {
    var machine = Self.running(1)
    let actions = machine.handle(.offered(Self.notification(2)))
    #expect(!actions.contains(.stop(.a)))
    _ = machine.handle(.downloaded(version: 2))
    #expect(machine.handle(.staged(version: 2)) == [.saveRecord, .discardDownload, .launch(.b)])
    #expect(machine.report.version == 1)
    #expect(machine.handle(.appStarted(.b)) == [.switchOver(from: .a, to: .b)])
    #expect(machine.handle(.appStarted(.b)) == [], "doubled")
    #expect(machine.report.version == 1)
    let taken = machine.handle(.appActivated(.b, gapNanoseconds: 2_500_000))
    #expect(taken.contains(.note(.switched(version: 2, gapNanoseconds: 2_500_000))))
    #expect(machine.report.version == 2 && machine.report.switchGapNanoseconds == 2_500_000)
  }

  @Test func anAppThatDoesNotTakeOverGivesWayToTheOldOne() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2))
    _ = machine.handle(.staged(version: 2))
    _ = machine.handle(.appStarted(.b))
    let actions = machine.handle(.appFailed(.b, reason: "did not take over"))
    #expect(actions.contains(.stop(.b)) && actions.contains(.launch(.a)))
    #expect(actions.firstIndex(of: .stop(.b))! < actions.firstIndex(of: .launch(.a))!)
    #expect(machine.report.status == .rolledBack)
  }

  @Test func theGapOfARollbackIsReportedToo() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    _ = machine.handle(.appFailed(.b, reason: "trapped"))
    #expect(machine.handle(.appStarted(.a)) == [.switchOver(from: nil, to: .a)])
    let actions = machine.handle(.appActivated(.a, gapNanoseconds: 77))
    #expect(actions == [.note(.switched(version: 1, gapNanoseconds: 77)), .report])
    #expect(machine.report.switchGapNanoseconds == 77)
  }

  @Test func anAppThatNeverComesUpLeavesTheOldOneAlone() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2))
    _ = machine.handle(.staged(version: 2))
    let actions = machine.handle(.appFailed(.b, reason: "did not start"))
    #expect(!actions.contains(.launch(.a)), "it never ended")
    #expect(actions.contains(.saveRecord) && actions.contains(.report))
    #expect(machine.report.status == .rolledBack)
    #expect(machine.report.version == 1)
    #expect(machine.report.failed?.version == 2)
  }

  @Test func aTrapInTheTrialBringsTheOldAppBack() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    let actions = machine.handle(.appFailed(.b, reason: "trapped"))
    #expect(actions.firstIndex(of: .saveRecord)! < actions.firstIndex(of: .launch(.a))!)
    #expect(machine.phase == .rolledBack)
    #expect(machine.report.reason == "trapped")
  }

  @Test func whatFailedIsNotTriedAgainUntilSomethingNewer() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    _ = machine.handle(.appFailed(.b, reason: "trapped"))
    #expect(machine.handle(.notified(Self.hint(2))) == [.report])
    #expect(machine.handle(.offered(Self.notification(2))) == [])
    let newer = Self.notification(3)
    #expect(machine.handle(.offered(newer)).first == .startDownload(newer, into: .b))
    // Still so while and after the newer one comes.
    #expect(machine.handle(.notified(Self.hint(2))) == [.report])
  }

  @Test(arguments: [UInt64(1), 4]) func versionsThatAreNotNewerAreIgnored(_ version: UInt64) {
    var machine = Self.running(5)
    #expect(machine.handle(.notified(Self.hint(version))) == [.note(.ignored(version: version))])
    #expect(machine.handle(.offered(Self.notification(version))) == [])
    #expect(machine.phase == .confirmed)
  }

  @Test func aRepeatOfWhatRunsIsNothing() {
    var machine = Self.running(5)
    #expect(machine.handle(.notified(Self.hint(5))) == [])
    #expect(machine.handle(.offered(Self.notification(5))) == [])
  }

  @Test func aNewerNoticeTakesTheDownloadsPlace() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    let third = Self.notification(3)
    #expect(machine.handle(.offered(third)).first == .startDownload(third, into: .b))
    #expect(machine.handle(.offered(Self.notification(2))) == [], "late")
    #expect(machine.handle(.downloaded(version: 2)) == [], "of the abandoned download")
    #expect(machine.handle(.offered(third)) == [], "doubled")
  }

  @Test func aNoticeDuringTheTrialWaitsForItsEnd() {
    for confirms in [true, false] {
      var machine = Self.running(1)
      Self.install(2, &machine)
      #expect(machine.handle(.offered(Self.notification(3))) == [])
      #expect(machine.handle(.offered(Self.notification(4))) == [])
      #expect(machine.handle(.offered(Self.notification(3))) == [])
      let actions = machine.handle(confirms ? .healthConfirmed(.b) : .appFailed(.b, reason: "r"))
      // Into the slot that neither runs nor is to run.
      #expect(actions.contains(.startDownload(Self.notification(4), into: confirms ? .a : .b)))
    }
  }

  @Test func aNoticeThatNobodyCanServeDoesNotBlockAnOlderOne() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(.max)))
    for _ in 0..<UpdateMachine.stalledAttempts {
      #expect(machine.handle(.offered(Self.notification(2))) == [])
      _ = machine.handle(.downloadAttemptFailed(version: .max))
    }
    #expect(machine.handle(.offered(Self.notification(2))).first == .startDownload(Self.notification(2), into: .b))
  }

  @Test func theSameVersionWithOtherBytesIsTakenOnlyWhenTheFirstCannotBeHad() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    let other = Self.notification(2, digest: 99)
    #expect(machine.handle(.offered(other)) == [])
    for _ in 0..<UpdateMachine.stalledAttempts { _ = machine.handle(.downloadAttemptFailed(version: 2)) }
    #expect(machine.handle(.offered(other)).first == .startDownload(other, into: .b))
  }

  @Test func aProgramThatRunsToItsEndIsConfirmedAndNotStartedAgain() {
    for hasStarted in [true, false] {
      var machine = Self.running(1)
      _ = machine.handle(.offered(Self.notification(2)))
      _ = machine.handle(.downloaded(version: 2))
      _ = machine.handle(.staged(version: 2))
      if hasStarted {
        _ = machine.handle(.appStarted(.b))
        _ = machine.handle(.appActivated(.b))
      }
      let actions = machine.handle(.appFinished(.b))
      #expect(machine.report.status == .confirmed)
      #expect(machine.report.version == 2)
      #expect(actions.contains(.stop(.a)) == !hasStarted)
      #expect(machine.handle(.relaunchDue(.b)) == [])
    }
  }

  @Test func aConfirmedAppThatFailsIsStartedAgainAfterAPause() {
    var machine = Self.running(1)
    #expect(
      machine.handle(.appFailed(.a, reason: "trapped")) == [
        .note(.appFailed(version: 1, reason: "trapped")), .relaunchLater(.a),
      ])
    #expect(machine.handle(.relaunchDue(.a)) == [.launch(.a)])
    #expect(machine.report.status == .confirmed)
  }

  @Test func anAppThatNeverConfirmsIsConfirmedWhenItsTimeIsOver() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    #expect(machine.handle(.trialElapsed(version: 1)) == [], "an earlier trial's timer")
    _ = machine.handle(.trialElapsed(version: 2))
    #expect(machine.report.version == 2 && machine.report.status == .confirmed)
  }

  @Test func anAppThatNeverConfirmsIsRolledBackWhereTheDeviceIsSetSo() {
    var machine = Self.running(1, policy: UpdatePolicy(unconfirmed: .rollBack))
    Self.install(2, &machine)
    let actions = machine.handle(.trialElapsed(version: 2))
    #expect(actions.contains(.stop(.b)) && actions.contains(.launch(.a)))
    #expect(machine.report.version == 1 && machine.report.status == .rolledBack)
    #expect(machine.report.reason == "did not confirm its health in time")
    // A program that ends well has not said so either.
    Self.install(3, &machine)
    _ = machine.handle(.appFinished(.b))
    #expect(machine.report.failed?.version == 3)
    #expect(machine.report.reason == "ended before it confirmed its health")
  }

  static let boots = (1...9).map { BootID(bytes: [UInt8](repeating: $0, count: 16))! }

  @Test(arguments: [0, 1, 3] as [UInt8]) func deathsOfTheAgentInATrialAreSurvivedSoOften(_ survived: UInt8) {
    var machine = Self.running(1, policy: UpdatePolicy(survivedAgentDeaths: survived, survivedPowerCuts: 0))
    Self.install(2, &machine)
    for death in 0..<survived {
      machine = UpdateMachine(record: machine.record, policy: machine.policy)
      #expect(machine.handle(.started(pending: nil)).contains(.launch(.b)), "death \(death)")
    }
    machine = UpdateMachine(record: machine.record, policy: machine.policy)
    let actions = machine.handle(.started(pending: nil))
    #expect(actions.contains(.launch(.a)) && !actions.contains(.launch(.b)))
    #expect(machine.report.status == .rolledBack && machine.report.failed?.version == 2)
    #expect(machine.report.reason.hasPrefix("the agent died "))
  }

  @Test(arguments: [0, 2, 4] as [UInt8]) func powerCutsInATrialCountOnlyAfterSoMany(_ survived: UInt8) {
    var machine = UpdateMachine(
      record: BootRecord(), policy: UpdatePolicy(survivedAgentDeaths: 0, survivedPowerCuts: survived))
    _ = machine.handle(.started(pending: nil, boot: Self.boots[0]))
    Self.install(1, &machine)
    _ = machine.handle(.healthConfirmed(.a))
    Self.install(2, &machine)
    for cut in 1...Int(survived) + 1 {
      machine = UpdateMachine(record: machine.record, policy: machine.policy)
      let actions = machine.handle(.started(pending: nil, boot: Self.boots[cut]))
      #expect(actions.contains(.launch(cut > survived ? .a : .b)), "cut \(cut)")
    }
    #expect(machine.report.status == .rolledBack)
    #expect(machine.report.reason.hasPrefix("the power failed "))
  }

  @Test func anAgentThatIsStoppedOnPurposeSaysNothingAgainstTheApp() {
    var machine = Self.running(1, policy: UpdatePolicy(survivedAgentDeaths: 0, survivedPowerCuts: 0))
    #expect(machine.handle(.stopping) == [])
    Self.install(2, &machine)
    for boot in [0, 0, 1] {
      #expect(machine.handle(.stopping) == [.saveRecord])
      machine = UpdateMachine(record: machine.record, policy: machine.policy)
      #expect(machine.handle(.started(pending: nil, boot: Self.boots[boot])).contains(.launch(.b)))
    }
    // It counted once only.
    machine = UpdateMachine(record: machine.record, policy: machine.policy)
    #expect(machine.handle(.started(pending: nil, boot: Self.boots[1])).contains(.launch(.a)))
  }

  @Test func anImageBelowTheLowestSecurityEpochIsRefused() {
    var machine = UpdateMachine(record: BootRecord(), policy: UpdatePolicy(lowestSecurityEpoch: 5))
    _ = machine.handle(.started(pending: nil))
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2, securityEpoch: 4))
    #expect(machine.report.status == .refused && machine.report.failed?.version == 2)
    #expect(machine.report.reason == "its security epoch is 4; this device takes 5 or higher")
    _ = machine.handle(.offered(Self.notification(3)))
    #expect(machine.handle(.downloaded(version: 3, securityEpoch: 5)).last == .stage(Self.notification(3), into: .a))
  }

  @Test func aConfirmedImageRaisesTheLowestSecurityEpochAfterTheRecordIsSaved() throws {
    var machine = UpdateMachine(record: BootRecord(), policy: UpdatePolicy(raisesSecurityEpoch: true))
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2, securityEpoch: 4))
    _ = machine.handle(.staged(version: 2))
    _ = machine.handle(.appStarted(.a))
    // A trial burns nothing: the version before must still be able to come back.
    #expect(!machine.handle(.appActivated(.a)).contains(.raiseSecurityEpoch(to: 4)))
    let actions = machine.handle(.healthConfirmed(.a))
    let saved = try #require(actions.firstIndex(of: .saveRecord))
    let raised = try #require(actions.firstIndex(of: .raiseSecurityEpoch(to: 4)))
    #expect(saved < raised)
    #expect(machine.policy.lowestSecurityEpoch == 4)
    // The power failed between the two.
    machine = UpdateMachine(record: machine.record, policy: UpdatePolicy(raisesSecurityEpoch: true))
    #expect(machine.handle(.started(pending: nil)).contains(.raiseSecurityEpoch(to: 4)))
    machine = UpdateMachine(
      record: machine.record, policy: UpdatePolicy(lowestSecurityEpoch: 4, raisesSecurityEpoch: true))
    #expect(!machine.handle(.started(pending: nil)).contains(.raiseSecurityEpoch(to: 4)))
    // Without fuses nothing is raised.
    machine = UpdateMachine(record: machine.record)
    #expect(!machine.handle(.started(pending: nil)).contains(.raiseSecurityEpoch(to: 4)))
  }

  @Test func aTrialEndsWhenTheLowestSecurityEpochRises() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    machine = UpdateMachine(record: machine.record, policy: UpdatePolicy(lowestSecurityEpoch: 1))
    #expect(machine.handle(.started(pending: nil)).contains(.launch(.a)), "what is kept stays, or nothing would run")
    #expect(machine.report.failed?.version == 2)
  }

  @Test func aFailingFlashRefusesNothing() {
    var machine = Self.running(1)
    let second = Self.notification(2)
    _ = machine.handle(.offered(second))
    _ = machine.handle(.downloaded(version: 2))
    let again = machine.handle(.stagingFailed(version: 2, reason: "EIO"))
    #expect(again == [.note(.stagingFailed(version: 2, reason: "EIO")), .startDownload(second, into: .b)])
    #expect(machine.report.status == .confirmed)
    // A newer one that came meanwhile goes first.
    _ = machine.handle(.downloaded(version: 2))
    _ = machine.handle(.offered(Self.notification(3)))
    #expect(
      machine.handle(.stagingFailed(version: 2, reason: "EIO"))
        .contains(.startDownload(Self.notification(3), into: .b)))
  }

  @Test func aModuleThatCannotBeCompiledIsRefusedAndTheOldAppNeverStops() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2))
    let actions = machine.handle(.stagingRefused(version: 2, reason: "damaged"))
    #expect(machine.report.status == .refused && machine.report.reason == "damaged" && machine.report.version == 1)
    #expect(!actions.contains(.stop(.a)))
  }

  @Test func aRefusalIsReportedAndRemembered() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    let actions = machine.handle(.downloadRefused(version: 2, reason: "too large"))
    #expect(actions.prefix(3) == [.saveRecord, .discardDownload, .report])
    #expect(machine.report.status == .refused)
    #expect(machine.report.version == 1)
    let restarted = UpdateMachine(record: machine.record)
    #expect(restarted.report.failed == machine.report.failed && restarted.report.status == .refused)
  }

  @Test func aPendingDownloadGoesOnAfterARestart() {
    let machine = Self.running(1)
    var restarted = UpdateMachine(record: machine.record)
    let pending = Self.notification(2)
    let actions = restarted.handle(.started(pending: pending))
    #expect(actions.contains(.launch(.a)))
    #expect(actions.contains(.startDownload(pending, into: .b)))
    // One that is of no use any more goes away.
    restarted = UpdateMachine(record: machine.record)
    #expect(restarted.handle(.started(pending: Self.notification(1))).last == .discardDownload)
  }

  @Test func aDamagedImageGivesWayToTheOneBeforeItAndIsWantedAgain() {
    var machine = Self.running(1)
    Self.install(2, &machine)
    _ = machine.handle(.healthConfirmed(.b))
    let actions = machine.handle(.imageDamaged(.b, reason: "hash"))
    #expect(actions.contains(.launch(.a)))
    #expect(machine.report.version == 1)
    #expect(machine.record.highestConfirmedVersion == 2)
    let again = Self.notification(2)
    #expect(machine.handle(.offered(again)).first == .startDownload(again, into: .b))
    #expect(machine.handle(.imageDamaged(.a, reason: "hash")).contains(.report))
    #expect(machine.report.version == 0)
  }

  @Test func healthSaidWhileInitialisingCountsOnceTheAppIsUp() {
    var machine = Self.running(1)
    _ = machine.handle(.offered(Self.notification(2)))
    _ = machine.handle(.downloaded(version: 2))
    _ = machine.handle(.staged(version: 2))
    #expect(machine.handle(.healthConfirmed(.b)) == [])
    #expect(machine.report.version == 1)
    _ = machine.handle(.appStarted(.b))
    #expect(machine.report.version == 1, "it could still fail to take over")
    _ = machine.handle(.appActivated(.b))
    #expect(machine.report.version == 2 && machine.report.status == .confirmed)
  }
}
