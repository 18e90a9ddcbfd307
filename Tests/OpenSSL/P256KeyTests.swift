import TestSupport
import Testing

@testable import OpenSSL

@Suite(.seated) struct P256KeyTests {
  @Test func aKeyComesBackFromItsFile() throws {
    let key = try P256.PrivateKey()
    let again = try P256.PrivateKey(pem: try key.pem())
    #expect(again.publicKey == key.publicKey)
    #expect(try key.publicKey.isValid(signature: again.signature(for: [1, 2, 3]), for: [1, 2, 3]))
  }

  @Test func aSignatureOfAnotherMessageOrKeyIsRefused() throws {
    let key = try P256.PrivateKey()
    let signature = try key.signature(for: [1])
    #expect(try !key.publicKey.isValid(signature: signature, for: [2]))
    #expect(try !P256.PrivateKey().publicKey.isValid(signature: signature, for: [1]))
    #expect(try !key.publicKey.isValid(signature: [], for: [1]))
  }

  @Test func anEncryptedKeyNeedsItsPassphrase() throws {
    let pem = try P256.PrivateKey().pem(passphrase: Array("right".utf8))
    #expect(throws: CertificateError.passphraseMissing) { try P256.PrivateKey(pem: pem) }
    #expect(throws: CertificateError.passphraseWrong) { try P256.PrivateKey(pem: pem, passphrase: Array("wrong".utf8)) }
    #expect((try? P256.PrivateKey(pem: pem, passphrase: Array("right".utf8))) != nil)
  }

  @Test func aPointThatIsNotOnTheCurveIsNoKey() throws {
    var bytes = try P256.PrivateKey().publicKey.subjectPublicKeyInfo
    bytes[90] ^= 1
    #expect(throws: CertificateError.notP256) { try P256.PublicKey(subjectPublicKeyInfo: bytes) }
  }

  @Test func aRequestWhoseSenderHasNotTheKeyIsRefused() throws {
    let (own, other) = (try P256.PrivateKey(), try P256.PrivateKey())
    var der = try CertificateRequest(key: own, commonName: "device").der
    let position = try #require(
      der.indices.first { der[$0...].starts(with: own.publicKey.subjectPublicKeyInfo) })
    der.replaceSubrange(
      position..<position + P256.subjectPublicKeyInfoByteCount, with: other.publicKey.subjectPublicKeyInfo)
    #expect(throws: CertificateError.badSignature) { try CertificateRequest(der: der) }
  }

  @Test func whatFollowsARequestIsRefused() throws {
    let der = try CertificateRequest(key: P256.PrivateKey(), commonName: "device").der
    #expect(throws: CertificateError.self) { try CertificateRequest(der: der + [0]) }
    #expect(throws: CertificateError.self) { try CertificateRequest(der: Array(der.dropLast())) }
    #expect(throws: CertificateError.self) { try CertificateRequest(der: []) }
  }

  @Test func aTextWithTwoKeysIsRefused() throws {
    let pem = try P256.PrivateKey().pem()
    #expect(throws: CertificateError.self) { try P256.PrivateKey(pem: pem + pem) }
  }

  @Test func aPINInTheURIIsRefused() {
    #expect(throws: CertificateError.self) { try PKCS11URI("pkcs11:token=a;object=b?pin-value=1234") }
  }
}
