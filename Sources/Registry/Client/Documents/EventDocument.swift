import FirmwareImage
import ServiceKit

/// An event as JSON.
package struct EventDocument: Codable, Sendable, Equatable {
  package var id: UInt64
  package var device: String
  package var kind: String
  package var at: String
  package var detail: JSONValue
}

extension EventDocument {
  init(_ event: RegistryEvent) {
    self.init(
      id: event.id, device: event.device.description, kind: event.kind, at: JSONCoding.text(of: event.at),
      detail: JSONValue(parsing: Array(event.detail.utf8)) ?? .object([:]))
  }
}
