import FoundationEssentials
package import Wire

extension WireToApp {
  package init(_ delivery: AppDelivery) {
    self.init()
    switch delivery {
    case .published(let id, let code):
      acknowledged.id = id
      acknowledged.reasonCode = UInt32(code)
    case .keyValue(let answer): keyValue = answer
    case .subscribed(let handle, let code):
      subscribed.handle = handle
      subscribed.reasonCode = UInt32(code)
    case .message(let handles, let topic, let payload):
      message.handles = handles
      message.topic = topic
      message.payload = .init(payload)
    case .pin(let name, let level):
      pin.name = name
      pin.level = level
    case .sensor(let grant): sensor = WireSensorGrant(grant)
    }
  }
}
