import Foundation
package import Foundations
package import Messaging
import SwiftProtobuf
import Testing
import Wire

/// A Provisioner that has an authority, as the Registry sees it: it takes devices' certificates back, and lets devices in
/// again.
package struct ProvisionerOfRegistry: Sendable {
  let provisioner: any RPCCaller
  /// Makes a device that enrolled without a certificate.
  let makeDevice: @Sendable () async throws -> DeviceID

  package init(_ provisioner: any RPCCaller, makeDevice: @escaping @Sendable () async throws -> DeviceID) {
    self.provisioner = provisioner
    self.makeDevice = makeDevice
  }

  private func revoke(_ device: Data, reason: String = "lost") async throws -> Bool {
    let request = WireRevokeDevice.with {
      $0.deviceID = device
      $0.reason = reason
      $0.requester.principal = "operator:anna"
    }
    return try await provisioner.ask(request).revoked
  }

  private func reinstate(_ device: Data) async throws -> Bool {
    try await provisioner.ask(WireReinstateDevice.with { $0.deviceID = device }).reinstated
  }

  package static let contract: [Promise<ProvisionerOfRegistry>] = [
    Promise(name: "a device that has no certificate, or never enrolled, can be revoked, and again: none is taken back")
    {
      peer in
      for device in [try await peer.makeDevice(), .random()] {
        for _ in 0..<2 { #expect(try await !peer.revoke(Data(device.bytes))) }
      }
    },
    Promise(name: "a revoked device is let in again once, and one that was not revoked has nothing to be given back") {
      peer in
      let device = Data(try await peer.makeDevice().bytes)
      #expect(try await !peer.reinstate(device))
      _ = try await peer.revoke(device)
      #expect(try await peer.reinstate(device))
      #expect(try await !peer.reinstate(device))
    },
    Promise(name: "a device that never enrolled is unknown to whoever lets it in again, revoked or not") { peer in
      let stranger = Data(DeviceID.random().bytes)
      await expectRefusal(.notFound, "unknown-device") { _ = try await peer.reinstate(stranger) }
      _ = try await peer.revoke(stranger)
      await expectRefusal(.notFound, "unknown-device") { _ = try await peer.reinstate(stranger) }
    },
    Promise(name: "an ID that is none is refused, and so is a reason that no record has room for") { peer in
      await expectRefusal(.invalid, "invalid-device-id") { _ = try await peer.revoke(Data([1])) }
      await expectRefusal(.invalid, "invalid-device-id") { _ = try await peer.reinstate(Data([1])) }
      await expectRefusal(.invalid, "invalid-reason") {
        _ = try await peer.revoke(Data(DeviceID.random().bytes), reason: String(repeating: "x", count: 201))
      }
    },
  ]
}
