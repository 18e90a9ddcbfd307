import FoundationEssentials
import Foundations
import Logging
import Messaging
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import Wire

@testable import RegistryBus
@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

/// Plays the Notifier, and remembers what it was asked to publish and when. `NotifierOfRegistry` says what it has in
/// common with the real one, where the test says nothing else.
final class StubNotifier: RPCCaller {
  struct Delivery: Sendable {
    let key: OutboxEntry.Key
    let notification: WireNotification
    let start: ContinuousClock.Instant
    let end: ContinuousClock.Instant
    let isAcknowledged: Bool
  }

  typealias Body = @Sendable (WireNotify) async throws(WireFailure) -> WireNotifyResponse

  private let body: Body
  private let state = Mutex<(deliveries: [Delivery], calls: Int)>(([], 0))

  init(_ body: @escaping Body = StubNotifier.acknowledge) {
    self.body = body
  }

  /// As the real one does whose broker is there.
  private static func acknowledge(_ request: WireNotify) throws(WireFailure) -> WireNotifyResponse {
    guard request.notifications.count <= 1_000 else {
      throw WireFailure(.invalid, reason: "too-many-notifications", message: "send fewer at once")
    }
    return WireNotifyResponse.with {
      $0.outcomes = request.notifications.map { notification in
        WireNotificationOutcome.with {
          $0.acknowledged = DeviceID(bytes: notification.deviceID) != nil
          $0.reason = $0.acknowledged ? "" : "invalid"
        }
      }
    }
  }

  var deliveries: [Delivery] { state.withLock(\.deliveries) }
  var calls: Int { state.withLock(\.calls) }
  var acknowledged: [OutboxEntry.Key] { deliveries.filter(\.isAcknowledged).map(\.key) }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let notify = request as? WireNotify else {
      throw WireFailure(.unsupported, reason: "unsupported", message: "\(R.kind)")
    }
    state.withLock { $0.calls += 1 }
    let start = ContinuousClock.now
    let answer: Result<WireNotifyResponse, WireFailure>
    do throws(WireFailure) { answer = .success(try await body(notify)) } catch { answer = .failure(error) }
    let end = ContinuousClock.now
    let outcomes = (try? answer.get())?.outcomes
    state.withLock { state in
      state.deliveries += notify.notifications.enumerated().map { index, notification in
        Delivery(
          key: OutboxEntry.Key(
            device: DeviceID(bytes: notification.deviceID) ?? .random(), version: notification.version),
          notification: notification, start: start, end: end,
          isAcknowledged: outcomes.map { $0[index].acknowledged } ?? false)
      }
    }
    guard let response = try answer.get() as? R.Response else {
      throw WireFailure(.internal, reason: "internal", message: "not an answer to \(R.kind)")
    }
    return response
  }
}

/// Runs services while `body` does; then ends them orderly.
func running<T: Sendable>(_ services: [any Service], _ body: @Sendable () async throws -> T) async throws -> T {
  let group = ServiceGroup(services: services, logger: .quiet)
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
    return try outcome.get()
  }
}

extension OutboxDispatcher {
  /// It never looks by itself, so that a test fails whose wake-ups don't come.
  init(_ store: RegistryStore, _ notifier: any RPCCaller, lease: Duration = .seconds(20), batchSize: Int = 256) {
    self.init(
      store: store, notifier: BusNotifier(notifier),
      options: Options(
        batchSize: batchSize, lease: lease,
        backoff: RetryBackoff(first: .milliseconds(20), longest: .milliseconds(200)),
        longestSleep: .seconds(600)),
      metrics: RegistryMetrics(), logger: .quiet)
  }
}
