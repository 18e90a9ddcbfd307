import Foundation
package import Foundations
package import Messaging
import OpenSSL
import SwiftProtobuf
import Testing
import Wire

/// A Provisioner as image stores see it: it knows whose a polling token is.
package struct ProvisionerOfImages: Sendable {
  let provisioner: any RPCCaller
  /// Makes a device that polls, and returns its token.
  let makePollingDevice: @Sendable () async throws -> (device: DeviceID, token: String)

  package init(
    _ provisioner: any RPCCaller,
    makePollingDevice: @escaping @Sendable () async throws -> (device: DeviceID, token: String)
  ) {
    self.provisioner = provisioner
    self.makePollingDevice = makePollingDevice
  }

  private func find(tokenHash hash: [UInt8]) async throws -> Data {
    try await provisioner.ask(WireFindPollingDevice.with { $0.tokenHash = Data(hash) }).deviceID
  }

  package static let contract: [Promise<ProvisionerOfImages>] = [
    Promise(name: "a device is found by its own token, as often as it is asked for") { peer in
      for _ in 0..<2 {
        let (device, token) = try await peer.makePollingDevice()
        let hash = try SHA256.digest(of: Array(token.utf8))
        for _ in 0..<2 { #expect(try await peer.find(tokenHash: hash) == Data(device.bytes)) }
      }
    },
    Promise(name: "a token that nobody has is unknown, and so is what can be no token's hash") { peer in
      for hash in [try SHA256.digest(of: Array("nobodys".utf8)), [], [1]] as [[UInt8]] {
        await expectRefusal(.notFound, "unknown-token") { _ = try await peer.find(tokenHash: hash) }
      }
    },
  ]
}
