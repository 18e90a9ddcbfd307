/// The whole payload of `/devices/{id}/presence`, as text without quotes.
package enum Presence: String, Sendable, Hashable, CaseIterable {
  /// The device is connected.
  case online
  /// The connection is over: the last will, which the broker sends in the device's place.
  case offline

  /// The bytes of the message.
  package var payload: [UInt8] { Array(rawValue.utf8) }

  /// Reads a message; nil if it is neither word.
  package init?(payload: [UInt8]) {
    guard let word = Self.allCases.first(where: { payload.elementsEqual($0.rawValue.utf8) }) else { return nil }
    self = word
  }
}
