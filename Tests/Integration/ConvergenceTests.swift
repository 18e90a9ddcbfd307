import FirmwareImage
import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Wire

extension IntegrationTests {
  @Suite struct ConvergenceTests {
    @Test func `an acknowledged report is in the device's document`() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        let device = try await installation.makeDevice()
        try await installation.assign(1, to: device)
        let digest = try Installation.digest(1)
        try await device.report(.init(sequence: 7, version: 1, digest: "\(digest)", slot: "B"))

        let document = try await installation.document(of: device)
        #expect(document.reported.version == 1)
        #expect(document.reported.digest == Data(digest.bytes))
        #expect(document.reported.slot == "B")
        #expect(document.reported.status == "confirmed")
        #expect(document.state == "current")
        #expect(document.online)
      }
    }

    @Test func `a device that runs another version is notified again, one that rolled back is not`() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        let device = try await installation.makeDevice()
        let (old, new) = ("\(try Installation.digest(1))", "\(try Installation.digest(2))")
        try await installation.assign(1, to: device)
        try await installation.assign(2, to: device)
        try await eventually("a notification") { try !device.notifications(ofVersion: 2).isEmpty }
        // What still waits is not asked for a second time.
        try await installation.waitForEmptyOutbox()
        let first = try await installation.notifiedAt(2, of: device)
        let count = try device.notifications(ofVersion: 2).count

        try await device.report(.init(sequence: 1, version: 1, digest: old))
        try await eventually("another notification") { try device.notifications(ofVersion: 2).count > count }
        try await installation.waitForEmptyOutbox()
        let second = try await installation.notifiedAt(2, of: device)
        #expect(second.date > first.date)

        try await device.report(
          .init(
            sequence: 2, version: 1, digest: old, status: "rolled-back", reason: "trap",
            failed: .init(version: 2, digest: new)))
        // A notification would be in the outbox since before the acknowledgement, and leave a later time behind.
        try await installation.waitForEmptyOutbox()
        #expect(try await installation.notifiedAt(2, of: device) == second)
        #expect(try await installation.document(of: device).state == "failed")
      }
    }
  }
}
