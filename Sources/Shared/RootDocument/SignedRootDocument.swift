package import FirmwareImage
package import Foundations
package import OpenSSL

/// A root `document`, its exact bytes, and `signatures` of them. Holding one says nothing about their validity; that
/// is what `RootDocumentChain` checks.
package struct SignedRootDocument: Hashable, Sendable {
  /// The longest text that is read; a longer one is refused unread.
  package static let maximumBytes = 256 * 1024
  /// Twice the root keys: a document is signed by those of the one before and by its own.
  package static let maximumSignatures = 2 * RootDocument.maximumRootKeys

  /// An Ed25519 `signature`, and the ID of the key that is said to have made it, `keyID`.
  package struct Signature: Hashable, Sendable {
    package let keyID: KeyID
    /// The signature's 64 bytes.
    package let signature: [UInt8]
  }

  package let document: RootDocument
  package let signatures: [Signature]
  /// The text itself, as it is stored, sent and pinned.
  package let encoded: [UInt8]
  /// What the signatures are of, without the words that stand before it.
  private let payload: [UInt8]

  /// A document that nobody has signed yet.
  package init(unsigned document: RootDocument) {
    self.init(document, payload: document.encoded(), signatures: [])
  }

  private init(_ document: RootDocument, payload: [UInt8], signatures: [Signature]) {
    self.document = document
    self.payload = payload
    self.signatures = signatures
    let list = signatures.map {
      #"{"keyID":"\#($0.keyID)","signature":"\#(Hexadecimal.encode($0.signature))"}"#
    }
    encoded = Array(
      "{\"signed\":\"\(Base64.encode(payload))\",\"signatures\":[\(list.joined(separator: ","))]}\n".utf8)
  }

  /// Reads a text, and checks its form alone.
  ///
  /// - Throws: `tooLarge` or `malformed`.
  package init(decoding bytes: [UInt8]) throws(RootDocumentError) {
    guard bytes.count <= Self.maximumBytes else { throw .tooLarge(byteCount: bytes.count) }
    var envelope = try StrictObject(StrictJSON(decoding: bytes), "the envelope")
    guard let payload = Base64.decode(try envelope.text("signed")) else {
      throw .malformed("signed in the envelope is not base64")
    }
    var signatures: [Signature] = []
    for element in try envelope.array("signatures", count: 0...Self.maximumSignatures) {
      var object = try StrictObject(element, "a signature")
      guard let id = KeyID(bytes: try object.hexadecimal("keyID", byteCount: KeyID.byteCount)) else {
        throw .malformed("a signature names the key zero")
      }
      signatures.append(
        Signature(
          keyID: id, signature: try object.hexadecimal("signature", byteCount: Ed25519.signatureByteCount)))
      try object.finish()
    }
    try envelope.finish()
    document = try RootDocument(decoding: payload)
    self.payload = payload
    self.signatures = signatures
    encoded = bytes
  }

  /// The same document signed by this key; an older signature of the key's is replaced.
  package func signed(by key: Ed25519.PrivateKey) throws(RootDocumentError) -> SignedRootDocument {
    let publicKey: Ed25519.PublicKey
    let bytes: [UInt8]
    do throws(OpenSSLError) {
      publicKey = try key.publicKey()
      bytes = try key.signature(for: message)
    } catch { throw .cryptography(error) }
    let id: KeyID
    do throws(ImageFormatError) { id = try KeyID(of: publicKey) } catch { throw RootDocumentError(error) }
    let others = signatures.filter { $0.keyID != id }
    guard others.count < Self.maximumSignatures else {
      throw .malformed("it has \(Self.maximumSignatures) signatures, and no more fit")
    }
    return SignedRootDocument(document, payload: payload, signatures: others + [Signature(keyID: id, signature: bytes)])
  }

  /// SHA-256 of the text, by which a device's OTP bank names the first document that the device knows.
  package func pin() throws(RootDocumentError) -> SHA256Digest {
    do throws(OpenSSLError) { return try SHA256Digest.of(encoded) } catch { throw .cryptography(error) }
  }

  /// Which of these keys signed. Each counts once, even if it signed more often.
  package func signers(among keys: [TrustedKey]) throws(RootDocumentError) -> Set<TrustedKey> {
    var signers: Set<TrustedKey> = []
    for key in keys {
      for signature in signatures where signature.keyID == key.id && !signers.contains(key) {
        do throws(OpenSSLError) {
          if try key.publicKey.isValid(signature: signature.signature, for: message) { signers.insert(key) }
        } catch { throw .cryptography(error) }
      }
    }
    return signers
  }

  private var message: [UInt8] { Array("xtblish-root-v1\0".utf8) + payload }
}
