import Foundations
package import OpenSSL

/// Ed25519 keys in files, in the PEM of RFC 8410: what `openssl genpkey -algorithm ed25519` writes.
///
/// The file of a private key is a secret: `SmallFile` refuses one that others may read, since they may have the key
/// by now. Its public key lies beside it, with `.pub` appended to the name.
package enum SigningKeyFile {
  /// More than any such file has.
  private static let maximumBytes = 4096

  /// The path of the public key that belongs to a private one.
  package static func publicPath(of path: String) -> String { path + ".pub" }

  /// Makes a key, and writes both files; neither may exist before. Durable when this returns.
  @discardableResult
  package static func create(_ path: String) throws(SigningKeyError) -> TrustedKey {
    let key = try make()
    try save(key.key, to: path)
    var pem = try encoded("PUBLIC KEY", SigningKeyEncoding.publicPrefix + key.public.bytes)
    defer { pem.wipe() }
    try save(pem, as: publicPath(of: path), for: .everybody)
    return key.public
  }

  /// A new key, and its public half.
  package static func make() throws(SigningKeyError) -> (key: Ed25519.PrivateKey, public: TrustedKey) {
    let key: Ed25519.PrivateKey
    let publicKey: Ed25519.PublicKey
    do throws(OpenSSLError) {
      key = try Ed25519.PrivateKey()
      publicKey = try key.publicKey()
    } catch { throw .cryptography(error) }
    do throws(ImageFormatError) { return (key, try TrustedKey(publicKey)) } catch { throw .unusable(error) }
  }

  /// Writes a private key into a file that does not exist yet. Durable when this returns.
  package static func save(_ key: Ed25519.PrivateKey, to path: String) throws(SigningKeyError) {
    var seed: [UInt8]
    do throws(OpenSSLError) { seed = try key.rawRepresentation() } catch { throw .cryptography(error) }
    defer { seed.wipe() }
    var content = SigningKeyEncoding.privatePrefix + seed
    defer { content.wipe() }
    var pem = try encoded("PRIVATE KEY", content)
    defer { pem.wipe() }
    try save(pem, as: path, for: .owner)
  }

  /// Reads a private key.
  ///
  /// - Throws: `openToOthers` if others than the owner may read the file, `notAKey` for any other content.
  package static func readPrivate(_ path: String) throws(SigningKeyError) -> Ed25519.PrivateKey {
    var pem = try content(of: path, isSecret: true)
    defer { pem.wipe() }
    var seed = try decoded(pem, "PRIVATE KEY", SigningKeyEncoding.privatePrefix, path)
    defer { seed.wipe() }
    do throws(OpenSSLError) { return try Ed25519.PrivateKey(rawRepresentation: seed) } catch {
      throw .cryptography(error)
    }
  }

  /// Reads a public key.
  ///
  /// - Parameter path: the `.pub` file itself.
  package static func readPublic(_ path: String) throws(SigningKeyError) -> TrustedKey {
    let bytes = try decoded(
      try content(of: path, isSecret: false), "PUBLIC KEY", SigningKeyEncoding.publicPrefix, path)
    do throws(ImageFormatError) { return try TrustedKey(bytes: bytes) } catch { throw .unusable(error) }
  }

  private static func encoded(_ label: String, _ content: [UInt8]) throws(SigningKeyError) -> [UInt8] {
    do throws(OpenSSLError) { return try PEM.text(label: label, content) } catch { throw .cryptography(error) }
  }

  /// The 32 bytes of the one key in the text.
  private static func decoded(
    _ pem: [UInt8], _ label: String, _ prefix: [UInt8], _ path: String
  ) throws(SigningKeyError) -> [UInt8] {
    var blocks: [PEM.Block]
    do throws(CertificateError) { blocks = try PEM.blocks(pem) } catch { throw .notAKey(path, label) }
    defer { for index in blocks.indices { blocks[index].bytes.wipe() } }
    guard blocks.count == 1, blocks[0].label == label, blocks[0].bytes.starts(with: prefix),
      blocks[0].bytes.count == prefix.count + Ed25519.keyByteCount
    else { throw .notAKey(path, label) }
    return Array(blocks[0].bytes.dropFirst(prefix.count))
  }

  private static func content(of path: String, isSecret: Bool) throws(SigningKeyError) -> [UInt8] {
    do {
      return try SmallFile.contents(
        of: path, isSecret ? .secretAlsoForRoot : .anybody, maximumBytes: maximumBytes)
    } catch {
      switch error.problem {
      case .failed(let call, let code): throw .failed(call, path, code)
      case .notAFile, .tooLong: throw .notAKey(path, isSecret ? "PRIVATE KEY" : "PUBLIC KEY")
      case .openToOthers, .ofAnotherUser, .worldWritable: throw .openToOthers(path)
      case .exists: throw .exists(path)
      }
    }
  }

  private static func save(
    _ bytes: [UInt8], as path: String, for readers: NewFile.Readers
  ) throws(SigningKeyError) {
    do throws(SmallFileError) { try SmallFile.create(path, bytes, for: readers) } catch {
      guard case .failed(let call, let code) = error.problem else { throw .exists(path) }
      throw .failed(call, error.path, code)
    }
  }
}

/// What stands before the 32 bytes of a key in its DER: RFC 8410, sections 4 and 7.
private enum SigningKeyEncoding {
  static let privatePrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]
  static let publicPrefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
}
