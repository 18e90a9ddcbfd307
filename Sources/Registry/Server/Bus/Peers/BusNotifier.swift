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
      return notification
    }
    do throws(WireFailure) {
      return try await client.call(request, deadline: deadline).outcomes.map {
        $0.acknowledged ? .acknowledged : .refused($0.reason)
      }
    } catch { throw RequestFailure(error) }
  }
}
