import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// Devices too small for certificates.
@Suite(.seated) struct PollingTests {
  @Test func aTokenIsGoodForItsDeviceUntilItIsReset() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let identity = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      let polling = try #require(identity.pollingToken)
      #expect(polling.text.hasPrefix("xtp_"))
      #expect(identity.certificateChain == nil)
      #expect(try await stage.enrolments.pollingDevice(tokenHash: polling.hash) == identity.device)
      #expect(try await stage.enrolments.pollingDevice(tokenHash: SecretText(text: "xtp_x").hash) == nil)
      _ = try await stage.devices.reset(serial: "SN-1", product: "sensor", requester: "test")
      #expect(try await stage.enrolments.pollingDevice(tokenHash: polling.hash) == nil)
    }
  }

  @Test func aRepeatBeforeTheFirstUseReplacesTheTokenThatGotLost() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      let first = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      let second = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      #expect(first.device == second.device)
      #expect(try await stage.enrolments.pollingDevice(tokenHash: #require(first.pollingToken).hash) == nil)
      #expect(try await stage.enrolments.pollingDevice(tokenHash: #require(second.pollingToken).hash) == second.device)
      #expect(try await stage.claims.claim(id).used == 1)
    }
  }

  @Test func onceUsedATokenIsNotReplacedByWhoeverHasTheClaim() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let identity = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      let polling = try #require(identity.pollingToken)
      _ = try await stage.enrolments.pollingDevice(tokenHash: polling.hash)
      let failure = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "SN-1", isPollingOnly: true)
      }
      #expect(failure?.reason == "serial-taken")
      #expect(try await stage.enrolments.pollingDevice(tokenHash: polling.hash) == identity.device)
    }
  }

  @Test func certificateAndTokenExcludeEachOther() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      let failure = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "SN-1", key: P256.PrivateKey(), isPollingOnly: true)
      }
      #expect(failure?.reason == "invalid-pollingOnly")
      #expect(try await stage.claims.claim(id).used == 0)
    }
  }
}
