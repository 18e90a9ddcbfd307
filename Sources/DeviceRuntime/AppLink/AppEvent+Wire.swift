import FoundationEssentials
import Foundations
package import Wire

extension WireFromApp {
  package init(_ event: AppEvent) {
    self.init()
    switch event {
    case .started(let nanoseconds): started.initNanoseconds = nanoseconds
    case .activated(let nanoseconds): activated.atNanoseconds = nanoseconds
    case .keyValue(let request): keyValue = request
    case .subscribe(let handle, let filter):
      subscribe.handle = handle
      subscribe.filter = filter
    case .unsubscribe(let handle): unsubscribe.handle = handle
    case .pins(let levels): pins.levels = levels.map { WirePinLevel($0) }
    // Travels in the ending that follows it, which then says how.
    case .quiet(let nanoseconds): ended.atNanoseconds = nanoseconds
    case .log(let line):
      log.level = UInt32(line.level.rawValue)
      log.source = UInt32(line.source.rawValue)
      log.realtimeNanoseconds = line.realtimeNanoseconds
      log.monotonicNanoseconds = line.monotonicNanoseconds
      log.text = line.text
    case .publish(let id, let topic, let payload, let qos):
      publication.id = id
      publication.topic = topic
      publication.payload = .init(payload)
      publication.qos = UInt32(qos)
    case .healthConfirmed: healthConfirmed = WireAppHealthConfirmed()
    case .ended(let ending): ended = WireAppEnded(ending)
    }
  }
}

extension AppEvent {
  /// Reads what the process sent; nil for what is no event of the app: the process's own greeting, and what this
  /// program does not know.
  package init?(_ wire: WireFromApp) {
    switch wire.body {
    case .ready, nil: return nil
    case .started(let started): self = .started(initNanoseconds: started.initNanoseconds)
    case .activated(let activated): self = .activated(atNanoseconds: activated.atNanoseconds)
    case .log(let line):
      self = .log(
        AppLogLine(
          level: AppLogLine.Level(rawValue: UInt8(clamping: line.level)) ?? .error,
          source: AppLogLine.Source(rawValue: UInt8(clamping: line.source)) ?? .host,
          realtimeNanoseconds: line.realtimeNanoseconds, monotonicNanoseconds: line.monotonicNanoseconds,
          text: line.text))
    case .publication(let message):
      self = .publish(
        id: message.id, topic: message.topic, payload: Array(message.payload), qos: UInt8(clamping: message.qos))
    case .healthConfirmed: self = .healthConfirmed
    case .keyValue(let request): self = .keyValue(request)
    case .subscribe(let subscription): self = .subscribe(handle: subscription.handle, filter: subscription.filter)
    case .unsubscribe(let subscription): self = .unsubscribe(handle: subscription.handle)
    case .pins(let pins): self = .pins(pins.levels.map { PinLevel($0) })
    case .ended(let ended): self = .ended(AppEnding(ended))
    }
  }
}
