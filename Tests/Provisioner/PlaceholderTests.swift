import Foundations
import OpenSSL
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerDomain

/// What makers leave where a serial number should be.
@Suite(.seated) struct PlaceholderTests {
  static let placeholders = [
    "0123456789", "123456789", "1234567890", "00000000", "0", "ffffffff", "XXXXXXXX", "To be filled by O.E.M.",
    "To_Be_Filled_By_O.E.M.", "Default string", "DefaultString", "None", "none", "System Serial Number",
    "Not-Specified", "N/A", "unknown", "0x00000000", "0123456789ABCDEF", "987654321", "Serial-Number", "12345678",
    "00000000-0000-0000-0000-000000000000", "03000200-0400-0500-0006-000700080009", "..........", "OEM", "Invalid",
    "SN0123456789", "MB-1234567890", "SSN12345678901234567", "MSK0000000000", "Fill By OEM", "Filled by manufacturer",
    "Type2 - Board Serial Number", "Chassis Serial Number", "System Serial", "System manufacturer", "EVAL", "Undefined",
    "Not Available", "Not Applicable", "none ", " To be filled", "OEM Default String", "Standard",
  ]

  @Test(arguments: placeholders) func whatMakersLeaveIsAPlaceholder(_ text: String) {
    #expect(SerialPlaceholder.contains(text))
  }

  @Test(arguments: [
    "SN-1", "board-7", "0001", "1", "22", "333", "10000000a1b2c3d4", "VMware-56", "C02XK0AAJGH5", "000000123",
    "112233", "none-1", "4f9d7c2e8a", "2024-000001", "default-pump-1",
    "SN-00000017", "CN1234567", "ABCDE12345678", "SN123456780",
  ])
  func aSerialNumberIsNoPlaceholder(_ text: String) {
    #expect(!SerialPlaceholder.contains(text))
  }

  @Test(arguments: ["0123456789", "None", "To be filled by O.E.M.", "Default string", "11111111"])
  func nobodyEnrolsOrIsRegisteredUnderOne(_ text: String) async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let failures = [
        await requestFailure { _ = try await stage.enroll(token: token, serial: text, key: P256.PrivateKey()) },
        await requestFailure {
          _ = try NewRegistration(serial: text, publicKeyHash: [], product: "", group: "", tags: [], name: "")
        },
        await requestFailure { _ = try await stage.makeClaim(serials: [text]) },
      ]
      for failure in failures {
        #expect(failure?.reason == "serial-placeholder")
        // Nothing that would end the board which came first.
        #expect(failure?.message.contains("--serial") == true)
        #expect(failure?.message.contains("reset") == false)
      }
      #expect(stage.registry.devices.isEmpty)
    }
  }

  /// From before they were refused.
  @Test func aBoardThatHasOneGoesOnAndASecondOneIsToldToTakeAnother() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let key = try P256.PrivateKey()
      let identity = try await stage.enroll(token: token, serial: "SN-1", key: key)
      try await stage.pool.execute("update provisioner.devices set serial = '0123456789'")
      stage.registry.delete(identity.device)
      try await stage.pool.execute("update provisioner.claim_uses set serial = '0123456789'")
      #expect(try await stage.enroll(token: token, serial: "0123456789", key: key).device == identity.device)
      let failure = await requestFailure {
        _ = try await stage.enroll(token: token, serial: "0123456789", key: P256.PrivateKey())
      }
      #expect(failure?.reason == "serial-placeholder")
    }
  }
}
