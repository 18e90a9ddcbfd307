import Foundations
import Messaging
import SwiftProtobuf
import Wire

/// What the Registry, the Provisioner and operators ask of a Notifier.
struct NotifierRequests: Sendable {
  let notifications: NotificationPublisher
  let eviction: SessionEviction
  let registry: any RPCCaller

  func addHandlers(to router: inout RPCRouter) {
    router.handle(WireNotify.self) { request, context in
      try await notifications.notify(request, deadline: context.deadline)
    }
    router.handle(WireResendNotification.self) { request, context in try await resend(request, context) }
    router.handle(WireDisconnectDevice.self) { request, context in
      try await eviction.evict(DeviceID(asked: request.deviceID), timeout: context.remaining * 0.9)
      return WireDisconnectDeviceResponse()
    }
  }

  private func resend(
    _ request: WireResendNotification, _ context: RequestContext
  ) async throws -> WireResendNotificationResponse {
    let renotify = WireRenotifyDevice.with { renotify in
      renotify.deviceID = request.deviceID
      if let peer = context.peer { renotify.requester.principal = "\(peer)" }
    }
    let answer = try await registry.call(renotify, deadline: context.remaining * 0.9)
    return WireResendNotificationResponse.with { $0.version = answer.version }
  }
}
