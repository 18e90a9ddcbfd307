import TextFormats

/// An event as JSON: its `id`, which grows from event to event, the `device` (a UUID), the `kind` (see
/// ``RegistryEvent/Kind``), when it happened (`at`, in ISO 8601 and UTC), and what belongs to its kind (`detail`).
package struct EventDocument: Codable, Sendable, Equatable {
  package var id: UInt64
  package var device: String
  package var kind: String
  package var at: String
  var detail: JSONValue
}
