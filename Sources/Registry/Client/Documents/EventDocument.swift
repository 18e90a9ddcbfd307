import FirmwareImage
package import TextFormats

/// An event as JSON.
package struct EventDocument: Codable, Sendable, Equatable {
  package var id: UInt64
  package var device: String
  package var kind: String
  package var at: String
  package var detail: JSONValue
}
