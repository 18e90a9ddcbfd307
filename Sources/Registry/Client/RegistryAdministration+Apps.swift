package import FoundationEssentials
import Messaging
import SwiftProtobuf
import Wire

extension RegistryAdministration {
  /// Sends a message to the app of a device.
  ///
  /// - Returns: whether anybody subscribes to that topic.
  package func send(_ payload: Data, to device: String, topic: String) async throws -> Bool {
    var request = WireSendToApp()
    request.deviceID = try await bytes(device)
    request.topic = topic
    request.payload = payload
    return try await client.call(request, deadline: deadline).heard
  }
}
