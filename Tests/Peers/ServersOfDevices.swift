import DeviceProtocol
package import Foundations
package import TestSupport
import Testing

/// Notifier and Registry as devices see them, through the broker: what need not be said again is acknowledged.
package struct ServersOfDevices: Sendable {
  /// Makes a device that never said anything, and was given version 1 of something.
  let makeDevice: @Sendable () async throws -> (id: DeviceID, broker: MosquittoServer)

  package init(makeDevice: @escaping @Sendable () async throws -> (id: DeviceID, broker: MosquittoServer)) {
    self.makeDevice = makeDevice
  }

  private func withDevice(_ body: (PlayedDevice) async throws -> Void) async throws {
    let (id, broker) = try await makeDevice()
    let device = try await PlayedDevice(id, broker: broker)
    do {
      try await body(device)
    } catch {
      await device.disconnect()
      throw error
    }
    await device.disconnect()
  }

  package static let contract: [Promise<ServersOfDevices>] = reports + diagnostics

  private static let epoch = "00000000000000a1"
  private static let other = "00000000000000b2"
  private static let log = "0123456789abcdef"

  /// What a device says that runs nothing yet.
  private static func report(
    _ sequence: UInt64, _ epoch: String, supersedes: StateMessage.Position? = nil, status: String = "confirmed"
  ) -> StateMessage {
    StateMessage(
      sequence: sequence, epoch: epoch, supersedes: supersedes, version: 0, digest: "", slot: "", status: status)
  }

  private static func lines(
    _ ids: ClosedRange<UInt64>, log: String = Self.log, lost: UInt64? = nil
  ) -> LogMessage {
    LogMessage(
      log: log, run: nil, after: nil, lost: lost,
      lines: ids.map { id in
        .init(id: id, at: id, monotonic: id, level: "info", source: "app", version: 1, text: "line \(id)")
      })
  }

  private static func crash(id: String) -> CrashReport {
    CrashReport(
      id: id, at: 5, version: 1, digest: "sha256:" + String(repeating: "ab", count: 32), appName: "pump",
      appVersion: "1.0", buildID: "", code: "unreachable", message: "wasm trap", status: "trial", frames: [], lines: [])
  }

  private static let reports: [Promise<ServersOfDevices>] = [
    Promise(name: "a report is acknowledged, and so is its repeat") { peer in
      try await peer.withDevice { device async throws in
        for _ in 0..<2 {
          let held = try await device.report(Self.report(5, Self.epoch))
          #expect(held == nil)
        }
      }
    },
    Promise(name: "a late report and one of another epoch are told what is held; one that supersedes it is taken") {
      peer in
      try await peer.withDevice { device async throws in
        let none = try await device.report(Self.report(9, Self.epoch))
        #expect(none == nil)
        let held = StateMessage.Position(epoch: Self.epoch, sequence: 9)
        #expect(try await device.report(Self.report(3, Self.epoch)) == held)
        #expect(try await device.report(Self.report(5, Self.other)) == held)
        #expect(try await device.report(Self.report(6, Self.other, supersedes: held)) == nil)
        #expect(
          try await device.report(Self.report(10, Self.epoch)) == StateMessage.Position(epoch: Self.other, sequence: 6))
      }
    },
    Promise(name: "what is no report is not acknowledged, and holds up none") { peer in
      try await peer.withDevice { device async throws in
        try await device.say(Self.report(1, Self.epoch, status: "happy"), about: .state)
        try await device.say(
          StateMessage(sequence: 2, epoch: Self.epoch, version: 1, digest: "", slot: "A"), about: .state)
        #expect(try await device.report(Self.report(3, Self.epoch)) == nil)
        #expect(Set(try device.acknowledgements().compactMap(\.reports).flatMap(\.sequences)) == [3])
      }
    },
  ]

  private static let diagnostics: [Promise<ServersOfDevices>] = [
    Promise(name: "lines are acknowledged up to the last one, repeated ones too, and over a gap that is told") { peer in
      try await peer.withDevice { device async throws in
        #expect(try await device.send(Self.lines(1...3)) == 3)
        #expect(try await device.send(Self.lines(2...5)) == 5)
        #expect(try await device.send(Self.lines(8...9, lost: 2)) == 9)
      }
    },
    Promise(name: "what are no lines of a log is not acknowledged, and holds up none") { peer in
      try await peer.withDevice { device async throws in
        try await device.say(Self.lines(1...2, log: "a1"), about: .log)
        try await device.say(Self.lines(1...2, log: Self.other, lost: 1), about: .log)
        #expect(try await device.send(Self.lines(1...1)) == 1)
        #expect(Set(try device.acknowledgements().compactMap(\.log?.log)) == [Self.log])
      }
    },
    Promise(name: "a crash is acknowledged by its ID, and so is its repeat; what can be no crash is not") { peer in
      try await peer.withDevice { device async throws in
        try await device.say(Self.crash(id: "a1"), about: .crash)
        let id = String(repeating: "0f", count: 16)
        for _ in 0..<2 { try await device.send(Self.crash(id: id)) }
        #expect(Set(try device.acknowledgements().flatMap(\.crashes)) == [id])
      }
    },
  ]
}
