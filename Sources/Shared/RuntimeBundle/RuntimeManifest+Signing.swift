import Foundations
package import OpenSSL

extension RuntimeManifest {
  /// The name for which the root document delegates keys that may sign runtimes. It has to be said: a publisher of all apps
  /// (`*`) may sign none.
  package static let delegatedName = "xtblish-runtime"

  /// The same runtime signed by this key; an older signature is replaced.
  package func signed(by key: Ed25519.PrivateKey) throws(RuntimeBundleError) -> RuntimeManifest {
    do throws(OpenSSLError) {
      var signed = self
      let keyID = try Self.keyID(try key.publicKey())
      signed.signature = RuntimeSignature(keyID: keyID, bytes: try key.signature(for: message(keyID)))
      return signed
    } catch { throw .cryptography(error) }
  }

  /// Checks that one of the trusted keys signed exactly this.
  ///
  /// - Throws: `unsigned`, `unknownKey` or `wrongSignature`.
  package func verify(trusting keys: [Ed25519.PublicKey]) throws(RuntimeBundleError) {
    guard let signature else { throw .unsigned }
    var isValid: Bool?
    do throws(OpenSSLError) {
      for key in keys where try Self.keyID(key) == signature.keyID {
        isValid = try key.isValid(signature: signature.bytes, for: message(signature.keyID))
      }
    } catch { throw .cryptography(error) }
    guard let isValid else { throw .unknownKey(Hexadecimal.encode(signature.keyID)) }
    guard isValid else { throw .wrongSignature }
  }

  /// All of the manifest but the signature, behind words that no other kind of signature is made of.
  private func message(_ keyID: [UInt8]) -> [UInt8] {
    var bytes = encoded()
    bytes.replaceSubrange(RuntimeManifestLayout.keyID, with: keyID)
    bytes.replaceSubrange(
      RuntimeManifestLayout.signature, with: repeatElement(0, count: RuntimeManifestLayout.signature.count))
    return Array("xtblish-runtime-v1\0".utf8) + bytes
  }

  private static func keyID(_ key: Ed25519.PublicKey) throws(OpenSSLError) -> [UInt8] {
    Array(try SHA256.digest(of: key.rawRepresentation).prefix(RuntimeManifestLayout.keyID.count))
  }
}
