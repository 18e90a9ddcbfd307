import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Wire

extension IntegrationTests {
  @Suite(.seated) struct EnrolmentTests {
    /// A claim's secret.
    private func makeToken(_ installation: Installation) async throws -> String {
      let request = WireCreateClaim.with {
        $0.count = 5
        $0.lifetimeSeconds = 3_600
        $0.namePrefix = "pump"
        $0.tags = ["north"]
      }
      return try await installation.call(.provisioner, request).token
    }

    private func enroll(_ token: String, _ installation: Installation) async throws -> WireEnrollDeviceResponse {
      let request = WireEnrollDevice.with {
        $0.token = token
        $0.serial = "SN-1"
      }
      return try await installation.call(.provisioner, request)
    }

    @Test func enrolmentMakesTheDeviceAtTheRegistryAndARepeatAnswersTheSameOne() async throws {
      try await withInstallation(.registry, .provisioner) { installation in
        let token = try await makeToken(installation)
        let identity = try await enroll(token, installation)
        #expect(identity.mqttPort == UInt32(installation.broker.port))
        #expect(try await enroll(token, installation) == identity)

        let devices = try await installation.call(.registry, WireListDevices()).devices
        #expect(devices.map(\.id) == [identity.deviceID])
        #expect(devices.map(\.name) == ["pump-1"])
        #expect(devices.map(\.serial) == ["SN-1"])
        #expect(devices.map(\.tags) == [["north"]])
      }
    }

    @Test func withoutTheRegistryEnrolmentIsUnavailableAndItsRepeatMakesOneDevice() async throws {
      try await withInstallation(.provisioner) { installation in
        let token = try await makeToken(installation)
        for _ in 0..<2 {
          let failure = await #expect(throws: WireFailure.self) { try await enroll(token, installation) }
          #expect(failure?.code == .unavailable)
          #expect((failure?.retryAfterMilliseconds ?? 0) > 0)
        }

        try await installation.start(.registry)
        let identity = try await eventuallySome("an enrolment") {
          do {
            return try await enroll(token, installation)
          } catch let failure as WireFailure where failure.code == .unavailable {
            return nil
          }
        }
        #expect(try await enroll(token, installation) == identity)
        let devices = try await installation.call(.registry, WireListDevices()).devices
        #expect(devices.map(\.id) == [identity.deviceID])
      }
    }
  }
}
