import DeviceProtocol
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryHTTP
@testable import RegistryStorage

/// What is settled when a device did not keep a version.
@Suite(.seated) struct RollbackTests {
  private func assigned() async throws -> (Fixture, DeviceID, FirmwareReference) {
    try await Fixture.assigned(RegistryStore.Options(renotifyInterval: 0))
  }

  private func failing(
    _ status: RunStatus, _ failed: FirmwareReference, _ reason: String
  ) -> ReportedState {
    var state = ReportedState.running(nil, status, failed: failed)
    state.reason = reason
    state.failedReason = reason
    return state
  }

  @Test func theReasonOutlivesTheDevicesNextWords() async throws {
    let (fixture, device, desired) = try await assigned()
    _ = try await fixture.store.record([.state(device, 1, failing(.rolledBack, desired, "trap: unreachable"))])
    // After a reboot it says only what it runs.
    for sequence in 2...4 {
      _ = try await fixture.store.record([.state(device, UInt64(sequence), .running(nil, .confirmed))])
    }
    let found = try await fixture.store.device(device)
    #expect(found.state == .failed)
    #expect(found.reported?.failed == desired)
    #expect(found.reported?.failedReason == "trap: unreachable")
    #expect(try await fixture.store.outboxPending() == 0)
    let firmware = try await fixture.store.firmware(of: device, version: 1)
    #expect(firmware.history.failure?.status == "rolled-back")
    #expect(firmware.history.failure?.reason == "trap: unreachable")
    #expect(FirmwareDocument(firmware).status == "rolled-back")
  }

  @Test func whatWasNotKeptIsNotSentAgain() async throws {
    let (fixture, device, desired) = try await assigned()
    _ = try await fixture.store.record([.state(device, 1, failing(.refused, desired, "signature"))])
    let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.renotify(device) }
    #expect(failure?.reason == "firmware-failed")
    #expect(try await fixture.store.outboxPending() == 0)
    #expect(try await fixture.store.device(device).state == .failed)
  }

  @Test func aRetryIsANewVersionOfTheSameImage() async throws {
    let (fixture, device, desired) = try await assigned()
    _ = try await fixture.store.record([.state(device, 1, failing(.rolledBack, desired, "watchdog"))])
    #expect(try await fixture.store.retryFirmware(of: device) == 2)
    let retried = try await fixture.store.device(device)
    #expect(retried.state == .pending)
    #expect(retried.desired == FirmwareReference(version: 2, digest: desired.digest))
    #expect(try await fixture.store.outboxPending() == 1)
    // A repeat makes no third version, and a heartbeat that still tells of the old failure changes nothing.
    #expect(try await fixture.store.retryFirmware(of: device) == 2)
    _ = try await fixture.store.record([.state(device, 2, failing(.rolledBack, desired, "watchdog"))])
    #expect(try await fixture.store.device(device).state == .pending)
    // It fails again: another retry is another version.
    _ = try await fixture.store.record([
      .state(device, 3, failing(.rolledBack, retried.desired ?? desired, "watchdog again"))
    ])
    #expect(try await fixture.store.device(device).state == .failed)
    #expect(try await fixture.store.retryFirmware(of: device) == 3)
    let reasons = try await fixture.store.firmware(of: device, before: nil, limit: 10).items.map {
      $0.history.failure?.reason
    }
    #expect(reasons == [nil, "watchdog again", "watchdog"])
  }

  @Test func thereMustBeSomethingToRetry() async throws {
    let (fixture, device, desired) = try await assigned()
    for state in [ReportedState.running(nil), .running(desired)] {
      _ = try await fixture.store.record([.state(device, state.running == nil ? 1 : 2, state)])
      let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.retryFirmware(of: device) }
      #expect(failure?.reason == "nothing-to-retry")
    }
    let empty = try await fixture.device("empty")
    let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.retryFirmware(of: empty) }
    #expect(failure?.reason == "no-firmware")
    await #expect(throws: RequestFailure.self) { try await fixture.store.retryFirmware(of: .random()) }
  }

  @Test func aNewAssignmentEndsTheFailure() async throws {
    let (fixture, device, desired) = try await assigned()
    _ = try await fixture.store.record([.state(device, 1, failing(.rolledBack, desired, "trap"))])
    _ = try await fixture.store.assign(.sample(2), to: device, idempotencyKey: "2")
    #expect(try await fixture.store.device(device).state == .pending)
  }

  @Test func eachVersionTellsItsHistory() async throws {
    let (fixture, device, desired) = try await assigned()
    var trial = ReportedState.running(desired, .trial)
    trial.switchGapNanoseconds = 4_200_000
    // Both in one batch: the trial is noted all the same.
    _ = try await fixture.store.record([.state(device, 1, trial), .state(device, 2, .running(desired, .confirmed))])
    let found = try await fixture.store.device(device)
    // The second report did not measure it, and it is the same switch.
    #expect(found.reported?.switchGapNanoseconds == 4_200_000)
    let firmware = try await fixture.store.firmware(of: device, version: 1)
    #expect(firmware.notifiedAt != nil)
    #expect(firmware.history.trialAt != nil)
    #expect(firmware.history.confirmedAt != nil)
    #expect(firmware.history.switchGapNanoseconds == 4_200_000)
    let before = firmware.history
    _ = try await fixture.store.record([.state(device, 3, .running(desired, .confirmed))])
    #expect(try await fixture.store.firmware(of: device, version: 1).history == before)
    let document = FirmwareDocument(firmware)
    #expect(document.status == "confirmed")
    #expect(FirmwareDocument.table([document]).contains("confirmed"))
    // A notification that is repeated does not follow the confirmation as if it were the version's next stage.
    var repeated = document
    repeated.notifiedAt = "9999-01-01T00:00:00.000Z"
    let rows = repeated.details().split(separator: "\n")
    let confirmation = try #require(rows.firstIndex { $0.hasPrefix("confirmed") })
    #expect(rows[confirmation...].contains { $0.hasPrefix("last notified") })
    #expect(!rows.contains { $0.hasPrefix("notified") })
    #expect(DeviceDocument(found).details().contains("4.2 ms"))
  }
}
