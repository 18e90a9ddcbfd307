/// A bearer token as a client presented it. It lives as long as its request does and is written nowhere: a service hands
/// it on to whoever decides by it.
package struct PresentedToken: Sendable {
  package let text: String
  /// SHA-256 of its text.
  package let hash: [UInt8]

  package init(text: String, hash: [UInt8]) {
    self.text = text
    self.hash = hash
  }

  /// Far longer than any token that is given out.
  package static let maximumBytes = 512
}

extension PresentedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never the secret, wherever it is logged.
  package var description: String { "(bearer token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
