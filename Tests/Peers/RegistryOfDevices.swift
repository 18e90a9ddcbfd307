import Foundation
import Foundations
package import Messaging
import SwiftProtobuf
import Testing
import Wire

/// A Registry as Provisioners see it: it makes devices, and knows whom these are to trust.
package struct RegistryOfDevices: Sendable {
  let registry: any RPCCaller

  /// - Parameter registry: one without a director and without root documents.
  package init(_ registry: any RPCCaller) {
    self.registry = registry
  }

  private static func device(_ id: Data, _ name: String = "pump", serial: String = "SN-1") -> WireCreateDevice {
    WireCreateDevice.with {
      $0.id = id
      $0.name = name
      $0.tags = ["north"]
      $0.serial = serial
    }
  }

  private func create(_ devices: [WireCreateDevice]) async throws -> [WireCreateDeviceOutcome] {
    try await registry.ask(WireCreateDevices.with { $0.devices = devices }).outcomes
  }

  package static let contract: [Promise<RegistryOfDevices>] = [
    Promise(name: "devices are made, with an outcome for each in their order, and a repeat is as good") { peer in
      let ids = (0..<3).map { _ in Data(DeviceID.random().bytes) }
      for _ in 0..<2 {
        let outcomes = try await peer.create(ids.map { Self.device($0) })
        #expect(outcomes.map(\.id) == ids)
        #expect(outcomes.allSatisfy { $0.reason.isEmpty })
      }
    },
    Promise(name: "what can't be made spoils none of the others") { peer in
      let (good, known, nameless) = (
        Data(DeviceID.random().bytes), Data(DeviceID.random().bytes), Data(DeviceID.random().bytes)
      )
      _ = try await peer.create([Self.device(known)])
      let outcomes = try await peer.create([
        Self.device(known, serial: "SN-2"), Self.device(Data([1, 2])), Self.device(nameless, ""), Self.device(good),
      ])
      #expect(outcomes.map(\.id) == [known, Data([1, 2]), nameless, good])
      #expect(outcomes.map(\.reason) == ["device-exists", "invalid-device-id", "invalid-name", ""])
      #expect(outcomes.map(\.message.isEmpty) == [false, false, false, true])
    },
    Promise(name: "more than 500 devices in a request are refused") { peer in
      await expectRefusal(.invalid, "invalid-devices") {
        _ = try await peer.create((0..<501).map { _ in Self.device(Data(DeviceID.random().bytes)) })
      }
    },
    Promise(name: "before there is a director and a root document there is nothing to trust") { peer in
      let keys = try await peer.registry.ask(WireListDirectorKeys()).keys
      #expect(keys == [])
      for version in [0, 1, 7] as [UInt64] {
        await expectRefusal(.notFound, "unknown-root-document") {
          _ = try await peer.registry.ask(WireGetRootDocument.with { $0.version = version })
        }
      }
    },
  ]
}
