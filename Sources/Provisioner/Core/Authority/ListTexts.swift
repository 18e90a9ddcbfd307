import NIOCore
import OpenSSL
import Synchronization

/// The lists of revoked certificates as they are sent: made once for each state, and one memory for all answers, however
/// many clients take their time.
final class ListTexts: Sendable {
  private struct Made {
    let lists: [[UInt8]]
    let text: ByteBuffer
  }

  private let made = Mutex<Made?>(nil)

  func text(of lists: [CertificateRevocationList]) throws -> ByteBuffer {
    let encoded = lists.map(\.der)
    if let known = made.withLock({ $0 }), known.lists == encoded { return known.text }
    var text = ByteBuffer()
    for list in lists { text.writeString(try list.pem) }
    made.withLock { $0 = Made(lists: encoded, text: text) }
    return text
  }
}
