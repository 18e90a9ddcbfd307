package import FoundationEssentials
package import Messaging
import Wire

/// Shows what an app publishes, from now on, as one of the Notifier's replicas hears it.
package struct AppFollower {
  /// What the Notifier may wait for a message, and what its answer may take beside.
  private static let wait = Duration.seconds(25)
  private static let mostLosses = 5

  private let notifier: any RPCCaller
  private let deadline: Duration
  private var request = WireListenToApp()
  private var hasBegun = false

  /// What one call of ``next()`` brought: the `messages` of the app, oldest first.
  package struct News: Sendable {
    package var messages: [AppMessageDocument]
    /// How many messages went by unread before these, because they came too fast.
    package var dropped: UInt64
    /// Whether the Notifier lost the subscription and made it anew: what came in between was not heard.
    package var hasGap: Bool
  }

  /// - Parameters:
  ///   - notifier: a client of one replica alone: the others know nothing of its subscription.
  ///   - device: the ID, in the 16 bytes that ``RegistryAdministration/deviceBytes(_:)`` gives.
  ///   - filter: which topics below `/apps/{id}/`, with MQTT's wildcards.
  package init(notifier: any RPCCaller, device: Data, filter: String, deadline: Duration) {
    self.notifier = notifier
    self.deadline = deadline
    request.deviceID = device
    request.filter = filter
    request.listenerID = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) })
  }

  /// Waits for messages, and answers with none after a while. The first call returns when the subscription stands.
  ///
  /// A Notifier that ends, as when its program is exchanged, is waited for as long as for an answer.
  package mutating func next() async throws -> News {
    let answer = try await ask()
    defer { hasBegun = true }
    return News(
      messages: answer.messages.map(AppMessageDocument.init), dropped: answer.dropped,
      hasGap: hasBegun && answer.begun)
  }

  private func ask() async throws(WireFailure) -> WireListenToAppResponse {
    let limit = hasBegun ? max(deadline, Self.wait) : deadline
    // A Notifier that comes back and ends over the question each time is not asked for ever.
    for _ in 1..<Self.mostLosses where hasBegun {
      do throws(WireFailure) {
        return try await notifier.call(request, deadline: limit)
      } catch {
        guard error.isOfAnEndedServer else { throw error }
      }
    }
    return try await notifier.call(request, deadline: limit)
  }
}
