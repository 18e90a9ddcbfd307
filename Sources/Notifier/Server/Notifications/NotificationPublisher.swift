import Foundations
import Logging
import Messaging
import Mosquitto
import ServiceKit
import SwiftProtobuf
import Synchronization
import Wire

/// Publishes notifications and tells, for each, whether the broker has it.
///
/// Only a PUBACK counts as acknowledged. Anything else is told as not acknowledged, even though the
/// message may have arrived: the Registry keeps the row and sends it again, and a device takes a doubled
/// notification as one.
struct NotificationPublisher: Sendable {
  /// How many notifications one request may have.
  static let maximumBatch = 1_000

  private let broker: BrokerConnection
  private let outlet: MQTTOutlet
  private let suspicious = SuspiciousTopics()
  private let logger: Logger
  private let imageStores: ImageStoreURLs
  /// How long to wait for each PUBACK.
  private let acknowledgementTimeout: Duration
  private let published = Tally(label: "notifier_notifications_published_total")
  private let failed = Tally(label: "notifier_notifications_failed_total")

  init(broker: BrokerConnection, imageStores: ImageStoreURLs, acknowledgementTimeout: Duration, logger: Logger) {
    self.broker = broker
    outlet = MQTTOutlet(broker.client)
    self.logger = logger
    self.imageStores = imageStores
    self.acknowledgementTimeout = acknowledgementTimeout
  }

  var publishedCount: Int { published.value }
  var failedCount: Int { failed.value }

  /// Publishes the notifications of a request, and waits for the broker to acknowledge each.
  ///
  /// - Throws: `WireFailure` when nothing was published because there is no broker, or the request is wrong.
  func notify(_ request: WireNotify, deadline: ContinuousClock.Instant) async throws -> WireNotifyResponse {
    guard request.notifications.count <= Self.maximumBatch else {
      throw WireFailure(
        .invalid, reason: "too-many-notifications",
        message: "\(request.notifications.count) notifications in one request: send at most \(Self.maximumBatch)")
    }
    let began = ContinuousClock.now
    guard broker.isConnected else { throw BrokerConnection.unavailable }
    // Time is left for the answer to reach the Registry before it gives up on us.
    let timeout = min(acknowledgementTimeout, (deadline - .now) * 0.8)
    guard timeout > .zero else {
      throw WireFailure(
        .deadlineExceeded, reason: "no-time", message: "no time is left to publish: give the request more")
    }

    // A device's versions stay in order; devices go side by side, within the window of the client.
    let lanes = Dictionary(grouping: request.notifications.indices) { request.notifications[$0].deviceID }
    let outcomes = await withTaskGroup(of: [(Int, WireNotificationOutcome)].self) { group in
      for indices in lanes.values {
        group.addTask {
          var outcomes: [(Int, WireNotificationOutcome)] = []
          for index in indices {
            outcomes.append((index, await publish(request.notifications[index], began: began, timeout: timeout)))
          }
          return outcomes
        }
      }
      return await group.reduce(into: [Int: WireNotificationOutcome]()) { all, lane in
        for (index, outcome) in lane { all[index] = outcome }
      }
    }
    return WireNotifyResponse.with { response in
      response.outcomes = request.notifications.indices.map { outcomes[$0] ?? Self.outcome("internal") }
    }
  }

  /// - Parameter began: when the request came.
  private func publish(
    _ wire: WireNotification, began: ContinuousClock.Instant, timeout: Duration
  ) async -> WireNotificationOutcome {
    guard let notification = CheckedNotification(wire),
      let payload = try? notification.payload(base: imageStores.next())
    else {
      failed.increment()
      return Self.outcome("invalid")
    }
    return await TraceContext.$current.withValue(notification.trace) {
      let outcome = await publish(notification, payload, began: began, timeout: timeout)
      recordSpan(notification, outcome, began: began)
      return outcome
    }
  }

  private func recordSpan(
    _ notification: CheckedNotification, _ outcome: WireNotificationOutcome, began: ContinuousClock.Instant
  ) {
    guard let trace = notification.trace, SpanRecording.wants(trace) else { return }
    SpanRecording.record(
      TraceSpan(
        "publish notification", .producer, in: trace, since: began, took: ContinuousClock.now - began,
        attributes: [
          "messaging.system": .text("mqtt"), "messaging.destination.name": .text(notification.topic),
          "xtblish.device": .text("\(notification.device)"),
          "xtblish.version": .number(Int64(clamping: notification.version)),
        ], failure: outcome.acknowledged ? nil : outcome.reason), in: trace)
  }

  private func publish(
    _ notification: CheckedNotification, _ payload: [UInt8], began: ContinuousClock.Instant, timeout: Duration
  ) async -> WireNotificationOutcome {
    guard var tries = suspicious.tries(of: notification.topic) else {
      failed.increment()
      return Self.outcome("set-aside: the broker ended the connection for it; it is tried again later")
    }
    do throws(MQTTError) {
      // "No matching subscribers" is an acknowledgement too: the device that is away now states what it runs
      // when it connects, and the Registry notifies it again.
      let handedOver = ContinuousClock.now
      try await outlet.publish(
        topic: notification.topic, payload: payload, userProperties: notification.trace?.userProperties ?? [],
        timeout: timeout, tries: &tries)
      let acknowledged = ContinuousClock.now
      _ = suspicious.note(tries, of: notification.topic)
      published.increment()
      logger.debug(
        "notification published", metadata: ["device": "\(notification.device)", "version": "\(notification.version)"])
      return WireNotificationOutcome.with {
        $0.acknowledged = true
        $0.publishedMicroseconds = (handedOver - began).wholeMicroseconds
        $0.acknowledgedMicroseconds = max(1, (acknowledged - began).wholeMicroseconds)
      }
    } catch {
      failed.increment()
      if suspicious.note(tries, of: notification.topic) {
        logger.error(
          "the broker ends the connection for a notification; it is set aside for a while",
          metadata: ["topic": "\(notification.topic)", "count": "\(tries.cuts)"])
      }
      return Self.outcome("\(Self.reason(of: error)): \(error.message)")
    }
  }

  private static func outcome(_ reason: String) -> WireNotificationOutcome {
    WireNotificationOutcome.with { $0.reason = reason }
  }

  private static func reason(of error: MQTTError) -> String {
    switch error.code {
    case .timedOut: "timed-out"
    case .connectionLost, .notConnected, .closed: "broker-unavailable"
    case .overloaded: "overloaded"
    case .refused: "broker-refused"
    case .cancelled: "cancelled"
    case .tooLarge: "too-large"
    case .invalid, .connectFailed, .tls, .library: "not-published"
    }
  }
}

/// The public base URLs of the image stores, taken in turn so that devices spread over them.
final class ImageStoreURLs: Sendable {
  private let urls: [String]
  private let count = Atomic<Int>(0)

  /// - Parameter urls: at least one, with or without a slash at the end.
  init(_ urls: [String]) {
    precondition(!urls.isEmpty, "the settings demand at least one image store")
    self.urls = urls.map { String($0.reversed().drop { $0 == "/" }.reversed()) }
  }

  func next() -> String {
    let turn = count.wrappingAdd(1, ordering: .relaxed).oldValue
    return urls[Int(UInt(bitPattern: turn) % UInt(urls.count))]
  }
}
