import DeviceProtocol
import FoundationEssentials
import Foundations
import Logging
import Messaging
import Mosquitto
import SwiftProtobuf
import Wire

/// What operators and apps say to each other, over the topics `/apps/{id}/…`.
struct AppMessenger: Sendable {
  private let publisher: BrokerConnection
  private let listeners: AppListeners
  private let registry: any RPCCaller

  init(publisher: BrokerConnection, listeners: AppListeners, registry: any RPCCaller) {
    self.publisher = publisher
    self.listeners = listeners
    self.registry = registry
  }

  func addHandlers(to router: inout RPCRouter) {
    router.handle(WirePublishToApp.self) { request, context in
      try await publish(request, within: context.remaining * 0.8)
    }
    router.handle(WireListenToApp.self) { request, context in
      try await listen(request, context)
    }
  }

  private func publish(_ request: WirePublishToApp, within timeout: Duration) async throws -> WirePublishToAppResponse {
    let device = try DeviceID(asked: request.deviceID)
    guard publisher.isConnected else { throw BrokerConnection.unavailable }
    do throws(MQTTError) {
      let code = try await publisher.client.publish(
        topic: AppTopics.prefix(of: device) + request.topic, payload: Array(request.payload), timeout: timeout)
      return WirePublishToAppResponse.with { $0.heard = code != .noMatchingSubscribers }
    } catch {
      switch error.code {
      case .invalid:
        throw WireFailure(.invalid, reason: "invalid-message", message: error.message)
      case .refused:
        throw WireFailure(.permissionDenied, reason: "broker-refused", message: error.message)
      default:
        throw WireFailure(
          .unavailable, reason: "not-published", message: "\(error.message); it may have arrived all the same")
      }
    }
  }

  private func listen(_ request: WireListenToApp, _ context: RequestContext) async throws -> WireListenToAppResponse {
    let device = try DeviceID(asked: request.deviceID)
    let owner = context.peer.map { "\($0)" } ?? "anonymous"
    let key = AppListeners.Key(id: Array(request.listenerID), owner: owner)
    if let listener = listeners[key] {
      return await listener.take(within: context.remaining * 0.8)
    }
    guard request.listenerID.count == AppListeners.Key.idBytes else {
      throw WireFailure(
        .invalid, reason: "invalid-listener-id", message: "a listener's ID is \(AppListeners.Key.idBytes) random bytes")
    }
    // Noted before anything is heard: who reads what an app says is nobody's secret.
    let note = WireRecordAudit.with {
      $0.entry.principal = owner
      $0.entry.action = "listen-to-app"
      $0.entry.target = "device:\(device)"
      $0.entry.outcome = "allowed"
    }
    do throws(WireFailure) {
      _ = try await registry.call(note, deadline: context.remaining * 0.5)
    } catch {
      throw error.handedOn(
        ifAbsent: "registry-unavailable",
        "the Notifier reached no Registry to note this with, so nothing is heard: start one, or correct the Notifier's "
          + "registry.endpoints")
    }
    let listener = try await listeners.begin(
      key, prefix: AppTopics.prefix(of: device), filter: request.filter, timeout: context.remaining * 0.5)
    var answer = await listener.take(within: .zero)
    answer.begun = true
    return answer
  }
}
