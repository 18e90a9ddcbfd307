import Foundation
import Foundations
package import Messaging
import Wire

/// What operators do with the certificates of devices, over the bus.
package struct RevocationAdministration: Sendable {
  private let provisioner: any RPCCaller
  private let deadline: Duration

  package init(_ provisioner: any RPCCaller, deadline: Duration) {
    self.provisioner = provisioner
    self.deadline = deadline
  }

  /// Takes all certificates of a device back.
  ///
  /// - Returns: whether the device had a certificate that was still good.
  package func revoke(_ device: String, reason: String) async throws -> Bool {
    guard let id = DeviceID(device) else {
      throw RequestFailure(
        field: "device", "is not a UUID: devices are named like 8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6a")
    }
    var request = WireRevokeDevice()
    request.deviceID = Data(id.bytes)
    request.reason = reason
    return try await provisioner.call(request, deadline: deadline).revoked
  }
}
