import FirmwareImage
import Foundation
package import Foundations
package import Messaging
import SwiftProtobuf
import Testing
import Wire

/// A Registry as Notifiers see it: it takes what devices say.
package struct RegistryOfReports: Sendable {
  let registry: any RPCCaller
  /// Makes a device that was given version 1 of something.
  let makeDevice: @Sendable () async throws -> DeviceID
  /// The ID of a device that nobody made.
  let makeStranger: @Sendable () async throws -> DeviceID

  package init(
    _ registry: any RPCCaller, makeDevice: @escaping @Sendable () async throws -> DeviceID,
    makeStranger: @escaping @Sendable () async throws -> DeviceID
  ) {
    self.registry = registry
    self.makeDevice = makeDevice
    self.makeStranger = makeStranger
  }

  package static let contract: [Promise<RegistryOfReports>] = reports + diagnostics + others

  private static func report(_ device: DeviceID, sequence: UInt64) -> WireDeviceReport {
    WireDeviceReport.with {
      $0.deviceID = Data(device.bytes)
      $0.sequence = sequence
      $0.epoch = 7
      $0.state.status = "confirmed"
    }
  }

  private func record(_ reports: [WireDeviceReport]) async throws -> [WireReportOutcome] {
    try await registry.ask(WireRecordReports.with { $0.reports = reports }).outcomes
  }

  private static func batch(_ device: DeviceID, log: String, _ ids: ClosedRange<UInt64>) -> WireDeviceLogBatch {
    WireDeviceLogBatch.with {
      $0.deviceID = Data(device.bytes)
      $0.logID = log
      $0.lines = ids.map { id in
        WireDeviceLogLine.with {
          $0.id = id
          $0.level = "info"
          $0.source = "app"
          $0.text = "line \(id)"
        }
      }
    }
  }

  private func record(_ batches: [WireDeviceLogBatch]) async throws -> [WireLogOutcome] {
    try await registry.ask(WireRecordLogs.with { $0.batches = batches }).outcomes
  }

  private static func crash(_ device: DeviceID, id: Data) throws -> WireCrashReport {
    try WireCrashReport.with {
      $0.deviceID = Data(device.bytes)
      $0.id = id
      $0.firmwareVersion = 1
      $0.digest = Data(try SHA256Digest.of("app".utf8).bytes)
      $0.appName = "pump"
      $0.appVersion = "1.0"
      $0.code = "unreachable"
      $0.message = "wasm trap"
      $0.status = "trial"
    }
  }

  private func record(_ reports: [WireCrashReport]) async throws -> [WireCrashOutcome] {
    try await registry.ask(WireRecordCrashes.with { $0.reports = reports }).outcomes
  }

  private static let reports: [Promise<RegistryOfReports>] = [
    Promise(name: "no reports are answered with no outcomes") { peer in
      let outcomes = try await peer.record([] as [WireDeviceReport])
      #expect(outcomes == [])
    },
    Promise(name: "reports are stored, with an outcome for each in their order, and a repeat is as good") { peer in
      let devices = [try await peer.makeDevice(), try await peer.makeDevice()]
      for _ in 0..<2 {
        let outcomes = try await peer.record(devices.map { Self.report($0, sequence: 5) })
        #expect(outcomes.map(\.deviceID) == devices.map { Data($0.bytes) })
        #expect(outcomes.allSatisfy { $0.sequence == 5 && $0.stored && $0.reason.isEmpty })
      }
    },
    Promise(name: "a report that is older than the one that is held is answered with that") { peer in
      let device = try await peer.makeDevice()
      _ = try await peer.record([Self.report(device, sequence: 9)])
      let outcome = try #require(try await peer.record([Self.report(device, sequence: 3)]).first)
      #expect(!outcome.stored && outcome.reason == "stale")
      #expect(outcome.held.epoch == 7 && outcome.held.sequence == 9)
    },
    Promise(name: "what can't be stored spoils none of the others") { peer in
      let (device, stranger) = (try await peer.makeDevice(), try await peer.makeStranger())
      let outcomes = try await peer.record([
        Self.report(stranger, sequence: 1), Self.report(device, sequence: 0),
        WireDeviceReport.with { $0.deviceID = Data(device.bytes) }, Self.report(device, sequence: 1),
      ])
      #expect(outcomes.map(\.reason) == ["unknown-device", "invalid", "invalid", ""])
      #expect(outcomes.map(\.stored) == [false, false, false, true])
    },
  ]

  private static let diagnostics: [Promise<RegistryOfReports>] = [
    Promise(name: "lines are taken once, and the answer says up to which") { peer in
      let device = try await peer.makeDevice()
      #expect(try await peer.record([Self.batch(device, log: "a1", 1...3)]).map(\.storedThrough) == [3])
      let repeated = try await peer.record([Self.batch(device, log: "a1", 2...5), Self.batch(device, log: "b2", 1...1)])
      #expect(repeated.map(\.storedThrough) == [5, 1])
      #expect(repeated.map(\.logID) == ["a1", "b2"])
      #expect(repeated.allSatisfy { $0.reason.isEmpty && $0.deviceID == Data(device.bytes) })
    },
    Promise(name: "lines of a device that nobody made need not come again") { peer in
      let (device, stranger) = (try await peer.makeDevice(), try await peer.makeStranger())
      let outcomes = try await peer.record([
        Self.batch(stranger, log: "a1", 1...3), Self.batch(device, log: "", 1...2),
        Self.batch(device, log: "a1", 1...3),
      ])
      #expect(outcomes.map(\.reason) == ["unknown-device", "invalid", ""])
      #expect(outcomes.map(\.storedThrough) == [3, 2, 3])
    },
    Promise(name: "a crash is settled, again too, and so is one that can't be stored") { peer in
      let (device, stranger) = (try await peer.makeDevice(), try await peer.makeStranger())
      let reports = [
        try Self.crash(device, id: Data(1...16)), try Self.crash(stranger, id: Data(1...16)),
        try Self.crash(device, id: Data([1])),
      ]
      for _ in 0..<2 {
        let outcomes = try await peer.record(reports)
        #expect(outcomes.map(\.id) == reports.map(\.id))
        #expect(outcomes.map(\.settled) == [true, true, true])
        #expect(outcomes.map(\.reason) == ["", "unknown-device", "invalid"])
      }
    },
  ]

  private static let others: [Promise<RegistryOfReports>] = [
    Promise(name: "a device is notified again of its version, unless nobody made it") { peer in
      let (device, stranger) = (try await peer.makeDevice(), try await peer.makeStranger())
      let known = WireRenotifyDevice.with { $0.deviceID = Data(device.bytes) }
      #expect(try await peer.registry.ask(known).version == 1)
      await expectRefusal(.notFound, "unknown-device") {
        _ = try await peer.registry.ask(WireRenotifyDevice.with { $0.deviceID = Data(stranger.bytes) })
      }
    },
    Promise(name: "an entry of the audit log says who did what, and how it went") { peer in
      let whole = WireAuditEntry.with {
        $0.principal = "operator:anna"
        $0.action = "publish-to-app"
        $0.outcome = "allowed"
      }
      _ = try await peer.registry.ask(WireRecordAudit.with { $0.entry = whole })
      for (path, value, reason) in [
        (\.principal, "", "invalid-entry"), (\.action, "", "invalid-entry"), (\.outcome, "well", "invalid-outcome"),
      ] as [(WritableKeyPath<WireAuditEntry, String>, String, String)] {
        await expectRefusal(.invalid, reason) {
          var entry = whole
          entry[keyPath: path] = value
          _ = try await peer.registry.ask(WireRecordAudit.with { $0.entry = entry })
        }
      }
    },
  ]
}
