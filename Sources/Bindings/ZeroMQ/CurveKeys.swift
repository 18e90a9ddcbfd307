import CZeroMQ

/// A public key of CurveZMQ (RFC 26).
package struct CurvePublicKey: Hashable, Sendable {
  /// 40 characters of Z85 (RFC 32).
  package let text: String

  /// - Parameter text: 32 bytes in Z85; nil for anything else.
  package init?(_ text: String) {
    guard Z85.bytes(of: text) != nil else { return nil }
    self.text = text
  }

  /// - Parameter text: of a key that was checked before.
  init(authenticated text: String) { self.text = text }

  /// - Parameter bytes: nil if they are not 32.
  package init?(bytes: [UInt8]) {
    guard let text = Z85.text(of: bytes) else { return nil }
    self.text = text
  }
}

/// A key pair of CurveZMQ: the `publicKey`, and a secret one that shows in no description, so that it can't get into
/// a log by accident.
package struct CurveKeyPair: Sendable {
  package let publicKey: CurvePublicKey

  /// 40 characters of Z85. For the file that keeps it, and for nothing else.
  package let secretText: String

  /// - Throws: if libzmq was built without CURVE.
  package static func generate() throws(ZeroMQError) -> CurveKeyPair {
    var (publicText, secretText) = ([CChar](repeating: 0, count: 41), [CChar](repeating: 0, count: 41))
    guard unsafe zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .last("zmq_curve_keypair") }
    guard let pair = CurveKeyPair(secretText: Z85.string(secretText)), pair.publicKey.text == Z85.string(publicText)
    else { throw ZeroMQError(code: EINVAL, call: "zmq_curve_public") }
    return pair
  }

  /// - Parameter secretText: the secret key in Z85, from which the public one follows; nil for anything else.
  package init?(secretText: String) {
    guard Z85.bytes(of: secretText) != nil else { return nil }
    var publicText = [CChar](repeating: 0, count: 41)
    guard unsafe zmq_curve_public(&publicText, secretText) == 0,
      let publicKey = CurvePublicKey(Z85.string(publicText))
    else { return nil }
    self.publicKey = publicKey
    self.secretText = secretText
  }
}

extension CurveKeyPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "key pair of \(publicKey.text)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.text]) }
}

/// Keys as people and files have them.
enum Z85 {
  static func bytes(of text: String) -> [UInt8]? {
    // libzmq reads the text up to its first zero.
    guard text.utf8.count == 40, !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    return unsafe zmq_z85_decode(&bytes, text) != nil ? bytes : nil
  }

  static func text(of bytes: [UInt8]) -> String? {
    guard bytes.count == 32 else { return nil }
    var text = [CChar](repeating: 0, count: 41)
    return unsafe zmq_z85_encode(&text, bytes, bytes.count) != nil ? string(text) : nil
  }

  static func string(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
