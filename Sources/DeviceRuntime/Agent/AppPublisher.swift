import AppLink
import AppSupervision
import DeviceProtocol
import Foundations
import Logging
import Mosquitto
import Synchronization
import UpdateCore

/// Sends what an app publishes, in its order, and tells the app how each message fared.
///
/// A message of QoS 1 waits for a connection and is sent again until the broker has answered; one of QoS 0 is lost
/// with the connection. One that is larger than the broker takes, or for which it ends the connection again and again,
/// fails, so that those behind it go on; of QoS 0 that is known after several of a kind. The app's own limit of
/// outstanding messages bounds the queue.
final class AppPublisher: Sendable {
  struct Publication: Sendable {
    var id: UInt64
    var topic: String
    var payload: [UInt8]
    var qos: UInt8
  }

  private static let maximumQueued = 256

  private let mqtt: MQTTClient
  private let outlet: MQTTOutlet
  private let prefix: String
  private let app: any RunningApp
  private let logger: Logger
  /// A line for whoever operates the device.
  private let onGivenUp: @Sendable (String) async -> Void
  private let notes = Mutex(DropNotes())
  private let hopeless = Mutex(HopelessMessages())
  private let queue: AsyncStream<Publication>
  private let input: AsyncStream<Publication>.Continuation

  init(
    mqtt: MQTTClient, outlet: MQTTOutlet, prefix: String, app: any RunningApp, logger: Logger,
    onGivenUp: @escaping @Sendable (String) async -> Void
  ) {
    self.mqtt = mqtt
    self.outlet = outlet
    self.onGivenUp = onGivenUp
    self.prefix = prefix
    self.app = app
    self.logger = logger
    (queue, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.maximumQueued))
  }

  func enqueue(_ publication: Publication) async {
    guard isAcceptable(publication.topic) else {
      await answer(publication, .topicNameInvalid)
      return
    }
    if case .enqueued = input.yield(publication) { return }
    await answer(publication, .quotaExceeded)
  }

  func finish() { input.finish() }

  /// Works until `finish()` and the queue is empty, or the task is cancelled.
  func run() async {
    var loose = LooseMessages()
    for await publication in queue {
      if isHopeless(publication) {
        await giveUp(publication, "the broker ended its connections for one like it a short while ago")
        await answer(publication, .unspecifiedError)
      } else if publication.qos == 0 {
        await answer(publication, await sendLoose(publication, &loose))
      } else {
        var tries = MQTTOutlet.Tries()
        await answer(publication, await send(publication, &tries))
      }
    }
  }

  /// Sends a message of QoS 0, with what is known of others of its kind.
  private func sendLoose(_ publication: Publication, _ loose: inout LooseMessages) async -> MQTTReasonCode {
    let kind = LooseMessages.Kind(topic: publication.topic, bytes: publication.payload.count)
    if let sentAt = loose.sentAt(kind) {
      let wasCut = await outlet.hasEnded(after: sentAt, within: LooseMessages.blameTime)
      loose.judge(kind, wasCut: wasCut, now: .now)
    }
    var tries = loose.tries(kind)
    let goesAlone = tries.goesAlone
    let answer = await send(publication, &tries)
    if tries.areHopeless {
      loose.forget(kind)
    } else {
      loose.keep(tries, of: kind, sentAt: answer.isFailure || goesAlone ? nil : .now)
    }
    return answer
  }

  private func send(_ publication: Publication, _ tries: inout MQTTOutlet.Tries) async -> MQTTReasonCode {
    while !Task.isCancelled {
      // Without a connection one of QoS 0 is lost.
      if publication.qos == 0, !mqtt.isConnected { return .serverUnavailable }
      do throws(MQTTError) {
        return try await outlet.publish(
          topic: prefix + publication.topic, payload: publication.payload,
          qos: publication.qos == 0 ? .atMostOnce : .atLeastOnce, tries: &tries)
      } catch {
        switch error.code {
        case .refused: return error.reasonCode ?? .unspecifiedError
        case .invalid: return .topicNameInvalid
        case .tooLarge:
          await giveUp(publication, "\(error)")
          return .packetTooLarge
        case .notConnected, .overloaded, .timedOut, .connectionLost, .connectFailed, .tls, .library:
          if tries.areHopeless {
            hopeless.withLock { $0.add(publication.topic, bytes: publication.payload.count, now: .now) }
            await giveUp(publication, "the broker ended \(tries.cuts) connections while it was on its way")
            return error.reasonCode == .packetTooLarge ? .packetTooLarge : .unspecifiedError
          }
          if publication.qos == 0 { return .serverUnavailable }
          logger.debug("app message not sent yet", metadata: ["error": "\(error)"])
          // The outlet paces what fails for want of a connection; this the rest.
          try? await Task.sleep(for: .milliseconds(100))
        case .cancelled, .closed: return .serverUnavailable
        }
      }
    }
    return .serverUnavailable
  }

  private func isHopeless(_ publication: Publication) -> Bool {
    hopeless.withLock { $0.contain(publication.topic, bytes: publication.payload.count, now: .now) }
  }

  private func giveUp(_ publication: Publication, _ reason: String) async {
    // An app that says too much again and again is told of each; the log of few.
    guard let count = notes.withLock({ $0.add(now: KernelClock.monotonicNanoseconds()) }) else { return }
    let others = count > 1 ? "; \(count - 1) more since the last such line" : ""
    await onGivenUp(
      "a message of the app is given up, of \(publication.payload.count) bytes to \(prefix)\(publication.topic): "
        + "\(reason)\(others)")
  }

  private func isAcceptable(_ topic: String) -> Bool {
    guard !topic.isEmpty, !topic.hasPrefix("/"), topic.utf8.count <= DeviceLimit.appTopicBytes.value else {
      return false
    }
    return (try? MQTTTopic.validate(name: prefix + topic)) != nil
  }

  private func answer(_ publication: Publication, _ code: MQTTReasonCode) async {
    await app.deliver(.published(id: publication.id, reasonCode: code.rawValue))
  }
}

extension MQTTReasonCode {
  fileprivate static let unspecifiedError = MQTTReasonCode(rawValue: 0x80)
  fileprivate static let serverUnavailable = MQTTReasonCode(rawValue: 0x88)
  fileprivate static let topicNameInvalid = MQTTReasonCode(rawValue: 0x90)
}
