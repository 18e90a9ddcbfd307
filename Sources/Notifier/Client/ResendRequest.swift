import FoundationEssentials
import Foundations
package import Messaging
package import ServiceKit
import SwiftProtobuf
package import Wire

/// An operator's wish to notify a device again.
package struct ResendRequest: Sendable {
  private let id: DeviceID

  /// - Parameter device: its ID as a person wrote it.
  package init(device: String) throws(AdminError) {
    guard let id = DeviceID(device) else {
      throw AdminError(
        "\"\(device)\" is no device ID: write it like 0b9f3a52-6c1e-4d9f-8a77-3f2f6f0f9b11", status: .usage)
    }
    self.id = id
  }

  /// The device's ID as text.
  package var device: String { "\(id)" }

  /// Asks the Notifier, which asks the Registry.
  ///
  /// - Returns: the version that will be notified.
  package func send(with client: any RPCCaller, deadline: Duration) async throws(WireFailure) -> UInt64 {
    let request = WireResendNotification.with { $0.deviceID = Data(id.bytes) }
    return try await client.call(request, deadline: deadline).version
  }
}
