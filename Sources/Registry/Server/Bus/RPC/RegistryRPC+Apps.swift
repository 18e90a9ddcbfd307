import DeviceProtocol
import FoundationEssentials
import Foundations
import Messaging
import RegistryDomain
import RegistryMessages
import RegistryStorage
import SwiftProtobuf
import Wire

/// Messages for the apps of devices.
extension RegistryRPC {
  /// Bytes of a message's payload. A device's app takes no more.
  static let maximumAppPayloadBytes = DeviceLimit.appMessageBytes.value
  /// Bytes of the topic below `/apps/{id}/`, as for what apps publish themselves.
  static let maximumAppTopicBytes = DeviceLimit.appTopicBytes.value

  func addAppHandlers(to router: inout RPCRouter) {
    router.handle(WireSendToApp.self) { request, context in
      try await send(request, context)
    }
  }

  private func send(_ request: WireSendToApp, _ context: RequestContext) async throws -> WireSendToAppResponse {
    let device = try DeviceID(checking: request.deviceID)
    let topic = try Self.topic(request.topic)
    guard request.payload.count <= Self.maximumAppPayloadBytes else {
      throw RequestFailure(
        field: "payload", "has \(request.payload.count) bytes: send at most \(Self.maximumAppPayloadBytes)")
    }
    guard let notifier else {
      throw RequestFailure(.unsupported, reason: "no-notifier", message: "this Registry knows no Notifier to send with")
    }
    // Noted before it is sent: what can't be noted is not done.
    try await store.noteSending(
      to: device, topic: topic, sizeBytes: request.payload.count, by: context.requester())
    let publish = WirePublishToApp.with {
      $0.deviceID = request.deviceID
      $0.topic = topic
      $0.payload = request.payload
    }
    let answer: WirePublishToAppResponse
    do throws(WireFailure) {
      answer = try await notifier.call(publish, deadline: context.remaining * 0.9)
    } catch {
      throw error.handedOn(
        ifAbsent: "notifier-unavailable",
        "the Registry reached no Notifier, so nothing was sent: start one, or correct the Registry's notifier.endpoints"
      )
    }
    return WireSendToAppResponse.with { $0.heard = answer.heard }
  }

  /// The rules of the host API for a topic to publish to.
  private static func topic(_ text: String) throws(RequestFailure) -> String {
    let topic = try FieldText.printable(text, field: "topic", length: 1...maximumAppTopicBytes)
    guard topic.utf8.count <= maximumAppTopicBytes else {
      throw RequestFailure(field: "topic", "has \(topic.utf8.count) bytes: at most \(maximumAppTopicBytes) are allowed")
    }
    let (slash, plus, hash) = (UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "#"))
    guard topic.utf8.first != slash, !topic.utf8.contains(where: { $0 == plus || $0 == hash }) else {
      throw RequestFailure(field: "topic", "begins with / or has a wildcard: name one topic below /apps/{device}/")
    }
    return topic
  }
}
