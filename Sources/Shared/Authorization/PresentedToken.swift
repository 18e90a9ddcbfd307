/// A bearer token as a client presented it. It lives as long as its request does and is written nowhere: a service
/// hands it on to the one that decides by it. `text` is the secret itself.
package struct PresentedToken: Sendable {
  package let text: String
  /// SHA-256 of the text, 32 bytes.
  package let hash: [UInt8]

  package init(text: String, hash: [UInt8]) {
    self.text = text
    self.hash = hash
  }

  /// The longest text that is looked at, far longer than any token that is given out.
  package static let maximumBytes = 512
}

extension PresentedToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A text without the secret, so that no log shows it.
  package var description: String { "(bearer token)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
