import OpenSSL

extension ImageSignature {
  static func make(
    of message: [UInt8], by key: Ed25519.PrivateKey, role: SignatureRole
  ) throws(ImageFormatError) -> ImageSignature {
    let publicKey: Ed25519.PublicKey
    let bytes: [UInt8]
    do throws(OpenSSLError) {
      publicKey = try key.publicKey()
      bytes = try key.signature(for: message)
    } catch { throw .cryptography(error) }
    guard let signature = ImageSignature(keyID: try KeyID(of: publicKey), signature: bytes) else {
      throw .wrongSignature(role)
    }
    return signature
  }

  static func verify(
    _ signature: ImageSignature?, of message: [UInt8], trusting keys: [Ed25519.PublicKey], role: SignatureRole
  ) throws(ImageFormatError) {
    guard let signature else { throw .signatureMissing(role) }
    for key in keys where try KeyID(of: key) == signature.keyID {
      let isValid: Bool
      do throws(OpenSSLError) {
        isValid = try key.isValid(signature: signature.signature, for: message)
      } catch { throw .cryptography(error) }
      guard isValid else { throw .wrongSignature(role) }
      return
    }
    throw .unknownKey(role, signature.keyID)
  }
}
