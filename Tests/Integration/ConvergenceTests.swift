import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import SwiftProtobuf
import TestPeers
import TestSupport
import Testing
import Wire

extension IntegrationTests {
  @Suite(.seated) struct ConvergenceTests {
    @Test func anAcknowledgedReportIsInTheDevicesDocument() async throws {
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

    @Test func aFlashThatWentBackInTimeIsToldWhatIsHeldAndTakesItsPlace() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        let device = try await installation.makeDevice()
        let (old, new) = ("\(try Installation.digest(1))", "\(try Installation.digest(2))")
        try await installation.assign(1, to: device)
        try await installation.assign(2, to: device)
        let (before, after) = ("00000000000000a1", "00000000000000b2")
        #expect(
          try await device.report(.init(sequence: 9 << 32, epoch: before, version: 2, digest: new)) == nil)
        let held = StateMessage.Position(epoch: before, sequence: 9 << 32)
        // The copy knows the epoch of the one that it is of; one that is empty has another.
        for epoch in [before, after] {
          #expect(
            try await device.report(.init(sequence: 5 << 32, epoch: epoch, version: 1, digest: old)) == held)
        }
        #expect(try await installation.document(of: device).reported.version == 2)
        let restated = StateMessage(
          sequence: 5 << 32 | 1, epoch: after, supersedes: held, version: 1, digest: old)
        #expect(try await device.report(restated) == nil)
        #expect(try await installation.document(of: device).reported.version == 1)
        // What the old life said comes too late.
        #expect(
          try await device.report(.init(sequence: 10 << 32, epoch: before, version: 2, digest: new))
            == StateMessage.Position(epoch: after, sequence: 5 << 32 | 1))
        #expect(try await installation.document(of: device).reported.version == 1)
        try await eventually("a notification of the version it lost") {
          try !device.notifications(ofVersion: 2).isEmpty
        }
      }
    }

    @Test func aDeviceThatRunsAnotherVersionIsNotifiedAgainOneThatRolledBackIsNot() async throws {
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
