import Curl
import DeviceProtocol
import FirmwareImage
import Foundations
import TestPeers
import TestSupport
import Testing

extension IntegrationTests {
  @Suite(.seated) struct NotificationTests {
    @Test func anAssignmentLeavesTheOutboxOnlyWhenTheBrokerHasAcknowledgedIt() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        let device = try await installation.makeDevice()
        try await installation.withSuspendedBroker {
          #expect(try await installation.assign(1, to: device) == 1)
          try await installation.waitForFailedDelivery()
          #expect(try await installation.countOutbox() == 1)
        }
        try await eventually("a notification") { try !device.notifications().isEmpty }
        let expected = NotificationMessage(
          version: 1, digest: "\(try Installation.digest(1))", size: 100_544,
          url: "\(installation.imageStoreURL)/firmware/\(device.id)/1")
        #expect(try device.notifications(ofVersion: 1).first == expected)
        try await installation.waitForEmptyOutbox()
      }
    }

    @Test func anAssignmentOutlivesTheRegistrysRestartWhileThereIsNoNotifier() async throws {
      try await withInstallation(.registry) { installation in
        let device = try await installation.makeDevice()
        try await installation.assign(1, to: device)
        try await installation.waitForFailedDelivery()
        try await installation.stop(.registry)
        #expect(try await installation.countOutbox() == 1)
        #expect(try device.notifications().isEmpty)

        try await installation.start(.registry)
        try await installation.start(.notifier)
        try await eventually("a notification") { try !device.notifications(ofVersion: 1).isEmpty }
        try await installation.waitForEmptyOutbox()
      }
    }

    @Test func anUploadedAppIsNotifiedWithAURLThatAnswersTheDevicesImage() async throws {
      try await withInstallation(.registry, .notifier, .imageStore) { installation in
        let device = try await installation.makeDevice()
        let app = try await assemble(
          """
          (module (memory (export "memory") 1) (func (export "xtb_init") (result i32) (i32.const 0))
            (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
          """)
        let http = HTTPClient()
        defer { http.close() }
        let upload = try await http.request(
          HTTPClient.Request("POST", "\(installation.imageStoreURL)/firmware/\(device.id)", body: .bytes(app)))
        #expect(upload.status == 201, "\(upload.text)")

        let notification = try await eventuallySome { try device.notifications(ofVersion: 1).first }
        let download = try await http.get(#require(notification.url))
        #expect(download.status == 200)
        #expect(download.body.count == Int(notification.size))
        let image = try VerifiedImage.verifying(download.body, for: device.id, trust: .unsigned())
        #expect(image.content == .bytes(app))
        #expect(notification.digest == "\(try SHA256Digest.of(app))")
      }
    }
  }
}
