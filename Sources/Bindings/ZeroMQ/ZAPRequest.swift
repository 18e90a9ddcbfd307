/// What libzmq asks when somebody wants to connect: a message of ZeroMQ's authentication protocol, ZAP (RFC 27).
struct ZAPRequest: Equatable {
  /// The frames from the asking session's routing ID to the empty one; the answer begins with the same.
  let envelope: [[UInt8]]
  let requestID: [UInt8]
  /// The address of whoever wants to connect, for logs.
  let address: String
  /// The key that it proved to have; nil if it uses another mechanism.
  let key: CurvePublicKey?

  /// - Parameter frames: a whole message as a ROUTER receives it; nil if it is no request that can be answered.
  init?(_ frames: [[UInt8]]) {
    guard let delimiter = frames.firstIndex(of: []), delimiter > 0 else { return nil }
    let body = frames[(delimiter + 1)...]
    // Version, request ID, domain, address, identity, mechanism, then the mechanism's credentials.
    guard body.count >= 6, body[body.startIndex] == Self.version, body.count <= 16,
      body[body.startIndex + 1].count <= 255
    else { return nil }
    envelope = Array(frames[...delimiter])
    requestID = body[body.startIndex + 1]
    address = String(decoding: body[body.startIndex + 3].prefix(255), as: UTF8.self)
    let (mechanism, credentials) = (body[body.startIndex + 5], body[(body.startIndex + 6)...])
    if mechanism == Array("CURVE".utf8), credentials.count == 1, let bytes = credentials.first {
      key = CurvePublicKey(bytes: bytes)
    } else {
      key = nil
    }
  }

  /// - Parameter user: what messages on the connection are marked with; nil refuses it.
  func answer(user: String?) -> [[UInt8]] {
    let (code, text) = user == nil ? ("400", "unknown key") : ("200", "OK")
    return envelope + [Self.version, requestID, Array(code.utf8), Array(text.utf8), Array((user ?? "").utf8), []]
  }

  private static let version = Array("1.0".utf8)
}
