import AppLink
import AppSupervision
import DeviceProtocol
import Foundations
import Logging
import Mosquitto

/// What the running apps subscribe to at the broker. Each filter is subscribed to once, however many want it, and
/// until none does; so what an app and its successor both subscribe to goes on through a switch.
///
/// It is asked for again on every connection, after the device's own reports. A filter for which the broker ends the
/// connection again and again is refused to the app, so that it keeps nothing else from getting out.
actor AppSubscriptions {
  private struct Subscription {
    var app: UInt64
    var handle: UInt32
    var filter: TopicFilter
    var text: ByteText
    var target: any RunningApp
  }

  /// A filter's state at the broker.
  private struct Filter {
    /// Subscribes and unsubscribes in turn, each waiting for the one before.
    var work: Task<MQTTReasonCode, Never>
    /// The broker granted it on the present connection.
    var isGranted = false
    var tries = MQTTOutlet.Tries()
  }

  private let mqtt: MQTTClient
  private let outlet: MQTTOutlet
  private let prefix: String
  private let notes: AgentNotes
  private var subscriptions: [Subscription] = []
  private var filters: [ByteText: Filter] = [:]
  /// Counts the connections.
  private var connection: UInt64 = 0

  init(mqtt: MQTTClient, outlet: MQTTOutlet, prefix: String, notes: AgentNotes) {
    self.mqtt = mqtt
    self.outlet = outlet
    self.prefix = prefix
    self.notes = notes
  }

  /// Called for a new connection, once others may speak: its session may not be the one in which the broker granted
  /// this.
  func connected() {
    for (text, filter) in filters where filter.isGranted {
      let work = Task { [self] in await demand(text.text) }
      filters[text]?.isGranted = false
      filters[text]?.work = work
      Task { [self] in
        let code = await work.value
        if code.rawValue >= 0x80, filters[text]?.work == work { await lose(text, code) }
      }
    }
  }

  func disconnected() { connection += 1 }

  /// - Parameter app: tells one start of an app from others.
  func subscribe(_ target: any RunningApp, app: UInt64, handle: UInt32, filter text: String) {
    guard let filter = TopicFilter(text), (try? MQTTTopic.validate(filter: prefix + text)) != nil else {
      Task { await target.deliver(.subscribed(handle: handle, reasonCode: 0x8F)) }
      return
    }
    subscriptions.append(Subscription(app: app, handle: handle, filter: filter, text: ByteText(text), target: target))
    let work: Task<MQTTReasonCode, Never>
    if let known = filters[text] {
      work = known.work
    } else {
      work = Task { [self] in await demand(text) }
      filters[text] = Filter(work: work)
    }
    Task { [self] in
      let code = await work.value
      if code.rawValue >= 0x80 { refused(ByteText(text)) }
      await target.deliver(.subscribed(handle: handle, reasonCode: code.rawValue))
    }
  }

  func unsubscribe(app: UInt64, handle: UInt32) {
    guard let index = subscriptions.firstIndex(where: { $0.app == app && $0.handle == handle }) else { return }
    let text = subscriptions.remove(at: index).text
    endUnused([text])
  }

  /// Drops the subscriptions of an app that is gone.
  func forget(app: UInt64) {
    let texts = subscriptions.filter { $0.app == app }.map(\.text)
    subscriptions.removeAll { $0.app == app }
    endUnused(texts)
  }

  /// Hands a message on, each app once, with the handles of all its subscriptions that match.
  ///
  /// - Parameter topic: without the prefix.
  func deliver(_ payload: [UInt8], on topic: String) async {
    guard let name = TopicFilter(topic) else { return }
    var matches: [(app: UInt64, target: any RunningApp, handles: [UInt32])] = []
    for subscription in subscriptions where subscription.filter.covers(name) {
      if let index = matches.firstIndex(where: { $0.app == subscription.app }) {
        matches[index].handles.append(subscription.handle)
      } else {
        matches.append((subscription.app, subscription.target, [subscription.handle]))
      }
    }
    for match in matches {
      await match.target.deliver(.message(handles: match.handles, topic: topic, payload: payload))
    }
  }

  private func endUnused(_ texts: [ByteText]) {
    for text in Set(texts) where !subscriptions.contains(where: { $0.text == text }) {
      guard let filter = filters.removeValue(forKey: text) else { continue }
      filter.work.cancel()
      Task { [self] in
        _ = await filter.work.value
        await end(text.text)
      }
    }
  }

  /// Unsubscribes if nobody wants the filter, unless someone came meanwhile.
  private func end(_ text: String) async {
    guard filters[text] == nil else { return }
    do {
      try await mqtt.unsubscribe(from: prefix + text)
    } catch {
      notes.logger.debug("app subscription not ended", metadata: ["filter": "\(text)", "error": "\(error)"])
    }
    // Someone came while the broker was asked: what it granted them is gone too.
    if filters[text] != nil { _ = await demand(text) }
  }

  /// Tells the apps at once, as of a refusal, that the broker does not grant again what it had granted.
  private func lose(_ text: ByteText, _ code: MQTTReasonCode) async {
    let targets = subscriptions.filter { $0.text == text }
    refused(text)
    for lost in targets {
      await lost.target.deliver(.subscribed(handle: lost.handle, reasonCode: code.rawValue))
    }
  }

  private func refused(_ text: ByteText) {
    subscriptions.removeAll { $0.text == text }
    filters[text] = nil
  }

  /// Subscribes, for as long as it takes; returns the broker's answer.
  private func demand(_ text: String) async -> MQTTReasonCode {
    let key = ByteText(text)
    while !Task.isCancelled {
      var tries = filters[key]?.tries ?? MQTTOutlet.Tries()
      let asked = connection
      do throws(MQTTError) {
        defer { filters[key]?.tries = tries }
        let granted = try await outlet.subscribe(to: prefix + text, tries: &tries)
        // That of a connection which is over meanwhile says nothing of the present one.
        guard asked == connection else { continue }
        filters[key]?.isGranted = true
        return MQTTReasonCode(rawValue: granted == .atMostOnce ? 0 : 1)
      } catch {
        switch error.code {
        case .refused: return error.reasonCode ?? MQTTReasonCode(rawValue: 0x80)
        case .invalid, .tooLarge: return MQTTReasonCode(rawValue: 0x8F)
        case .cancelled, .closed: return MQTTReasonCode(rawValue: 0x88)
        case .notConnected, .overloaded, .timedOut, .connectionLost, .connectFailed, .tls, .library:
          if tries.areHopeless {
            await notes.write(
              .warning,
              "a subscription of the app is given up: the broker ended \(tries.cuts) connections when it was asked for "
                + "\(prefix)\(text)")
            return MQTTReasonCode(rawValue: 0x80)
          }
          notes.logger.debug("app not subscribed yet", metadata: ["filter": "\(text)", "error": "\(error)"])
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
    }
    return MQTTReasonCode(rawValue: 0x88)
  }
}
