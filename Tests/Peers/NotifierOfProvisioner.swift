import Foundation
import Foundations
package import Messaging
import SwiftProtobuf
import Testing
import Wire

/// A Notifier that has its broker, as the Provisioner sees it: it ends sessions of devices.
package struct NotifierOfProvisioner: Sendable {
  let notifier: any RPCCaller

  package init(_ notifier: any RPCCaller) {
    self.notifier = notifier
  }

  private func disconnect(_ device: Data) async throws {
    _ = try await notifier.ask(WireDisconnectDevice.with { $0.deviceID = device })
  }

  package static let contract: [Promise<NotifierOfProvisioner>] = [
    Promise(name: "a session is ended, and one that there is not or that has ended is as good") { peer in
      let device = Data(DeviceID.random().bytes)
      for _ in 0..<2 { try await peer.disconnect(device) }
    },
    Promise(name: "an ID that is none is refused") { peer in
      await expectRefusal(.invalid, "invalid-device-id") { try await peer.disconnect(Data([1])) }
    },
  ]
}
