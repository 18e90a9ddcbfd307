import FirmwareImage
import Foundations
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDomain

/// What devices say at the polling door.
@Suite(.seated) struct RecordPolledTests {
  @Test func aPollingDeviceProvesWhatItRuns() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let (first, second) = (try PublishedApp.sample(1), try PublishedApp.sample(2))
    _ = try await fixture.store.assign(first, to: device, idempotencyKey: "1")
    for status in ["trial", "confirmed", "confirmed"] {
      try await fixture.store.recordPolled(status, version: 1, reason: "", of: device)
    }
    var shown = try await fixture.store.device(device)
    #expect(shown.state == .current && shown.reported?.running == first.reference(1) && shown.online)
    #expect(try await fixture.store.firmware(of: device, version: 1).history.confirmedAt != nil)

    _ = try await fixture.store.assign(second, to: device, idempotencyKey: "2")
    try await fixture.store.recordPolled("rolled-back", version: 2, reason: "self-test\u{1B}", of: device)
    shown = try await fixture.store.device(device)
    #expect(shown.state == .failed && shown.reported?.running == first.reference(1))
    #expect(shown.reported?.failedReason == "self-test\u{FFFD}")
  }

  @Test func whatItNeverGotIsNotBelieved() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for (status, version, reason) in [
      ("confirmed", 1, "unknown-firmware"), ("great", 1, "invalid-status"), ("confirmed", 0, "invalid-version"),
      ("confirmed", UInt64.max, "invalid-version"),
    ] {
      let failure = await #expect(throws: RequestFailure.self) {
        try await fixture.store.recordPolled(status, version: version, reason: "", of: device)
      }
      #expect(failure?.reason == reason)
    }
  }

  @Test func nobodyAtThatDoorSpeaksForADeviceOnMQTT() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    _ = try await fixture.store.assign(image, to: device, idempotencyKey: "1")
    _ = try await fixture.store.record([.state(device, 1, .running(nil))])
    let failure = await #expect(throws: RequestFailure.self) {
      try await fixture.store.recordPolled("confirmed", version: 1, reason: "", of: device)
    }
    #expect(failure?.reason == "reports-over-mqtt")
    #expect(try await fixture.store.device(device).reported?.running == nil)
  }
}
