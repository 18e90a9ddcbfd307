import CZeroMQ
import Glibc

/// One frame as libzmq received it. One value is meant to be received into again and again.
@safe
package struct ZeroMQMessage: ~Copyable {
  // On the heap because libzmq forbids moving an initialised message about.
  let storage: UnsafeMutablePointer<zmq_msg_t>

  package init() {
    unsafe storage = .allocate(capacity: 1)
    // It only writes the message's own bytes and can't fail.
    unsafe zmq_msg_init(storage)
  }

  deinit {
    unsafe zmq_msg_close(storage)
    unsafe storage.deallocate()
  }

  /// Bytes of the frame.
  package var count: Int { unsafe zmq_msg_size(storage) }

  /// Whether more frames of the same message follow.
  package var hasMore: Bool { unsafe zmq_msg_more(storage) != 0 }

  /// A copy of the frame's bytes.
  package var bytes: [UInt8] {
    let count = self.count
    guard count > 0, let data = unsafe zmq_msg_data(storage) else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: count))
  }

  /// Lends the frame's bytes.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(start: zmq_msg_data(storage), count: count))
  }

  /// The key of the client that sent the frame, as the ``ZeroMQAuthenticator`` let it in; nil on other connections.
  package var sender: CurvePublicKey? {
    guard let text = unsafe zmq_msg_gets(storage, Self.userProperty) else { return nil }
    return CurvePublicKey(authenticated: unsafe String(cString: text))
  }

  /// Whether ``sender`` is this key, found out at less cost.
  package func isFrom(_ key: CurvePublicKey) -> Bool {
    guard let text = unsafe zmq_msg_gets(storage, Self.userProperty) else { return false }
    return unsafe strcmp(text, key.text) == 0
  }

  /// What libzmq calls the user that the authenticator named.
  private static let userProperty = "User-Id"

  /// Whether the frame has these bytes.
  package func equals(_ bytes: [UInt8]) -> Bool {
    guard bytes.count == count, count > 0 else { return bytes.count == count }
    return unsafe bytes.withUnsafeBytes { own in
      guard let start = own.baseAddress, let data = unsafe zmq_msg_data(storage) else { return false }
      return unsafe memcmp(start, data, own.count) == 0
    }
  }
}
