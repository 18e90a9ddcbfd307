import Foundations
import Glibc
package import ZeroMQ

/// What an app's process needs to talk to its agent, and nobody else has: made for one start of one app, and handed over
/// by an inherited descriptor.
package struct AppLinkKeys: Sendable {
  /// The descriptor that the process reads its keys from.
  package static let descriptor: Int32 = 3

  /// The key by which the process knows its agent.
  package let agent: CurvePublicKey
  /// The process's own keys; the agent answers nobody else.
  package let app: CurveKeyPair

  package init(agent: CurvePublicKey, app: CurveKeyPair) {
    self.agent = agent
    self.app = app
  }

  /// The keys as text of two lines, short enough for a pipe to hold.
  package var text: String { "\(agent.text)\n\(app.secretText)\n" }

  /// Reads what `text` gave; nil if it is something else.
  package init?(text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count == 2, let agent = CurvePublicKey(String(lines[0])),
      let app = CurveKeyPair(secretText: String(lines[1]))
    else { return nil }
    self.init(agent: agent, app: app)
  }

  /// Reads and closes the inherited descriptor.
  package static func inherited() -> AppLinkKeys? {
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    var count = 0
    while count < bytes.count {
      let read = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
      if read < 0, errno == EINTR { continue }
      if read <= 0 { break }
      count += read
    }
    return AppLinkKeys(text: String(decoding: bytes[..<count], as: UTF8.self))
  }
}
