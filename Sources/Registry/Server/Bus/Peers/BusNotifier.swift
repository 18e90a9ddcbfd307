import FoundationEssentials
package import Foundations
package import Messaging
package import RegistryDomain
import Wire

/// The Notifier, over the bus.
package struct BusNotifier: NotificationSender {
  private let client: any RPCCaller

  package init(_ client: any RPCCaller) {
    self.client = client
  }

  /// Sends a batch as one request.
  package func send(
    _ batch: [OutboxEntry], deadline: Duration
  ) async throws(RequestFailure) -> [NotificationOutcome] {
    var request = WireNotify()
    request.notifications = batch.map { entry in
      var notification = WireNotification()
      notification.deviceID = Data(entry.key.device.bytes)
      notification.version = entry.key.version
      notification.digest = Data(entry.digest.bytes)
      notification.sizeBytes = entry.sizeBytes
      if let trace = entry.trace {
        notification.traceParent = trace.description
        notification.requestID = trace.requestID
      }
      return notification
    }
    do throws(WireFailure) {
      return try await client.call(request, deadline: deadline).outcomes.map { Self.outcome($0) }
    } catch { throw RequestFailure(error) }
  }

  private static func outcome(_ wire: WireNotificationOutcome) -> NotificationOutcome {
    guard wire.acknowledged else { return .refused(wire.reason) }
    guard wire.acknowledgedMicroseconds > 0 else { return .acknowledged }
    return .acknowledgedAfter(
      published: .microseconds(Int64(clamping: wire.publishedMicroseconds)),
      acknowledged: .microseconds(Int64(clamping: wire.acknowledgedMicroseconds)))
  }
}
