/// A `name` and a `value` that go with a message beside its payload (MQTT 5, section 3.3.2.3.7).
package struct MQTTUserProperty: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// How many of a message are read; further ones are left out.
  static let maximumCount = 8
  /// The longest name or value that is read; a property with a longer one is left out.
  static let maximumBytes = 256

  /// What it takes in a packet: a byte for its kind, and two for each length.
  var packetBytes: Int { 5 + name.utf8.count + value.utf8.count }
}

extension [MQTTUserProperty] {
  /// The first value of that name.
  package subscript(name: String) -> String? { first { $0.name == name }?.value }
}
