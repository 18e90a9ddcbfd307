import FoundationEssentials
import OpenSSL

/// The folder with the authority's keys and certificates.
///
/// `ca.pem`: the roots that everybody trusts. `services.pem`, `services.key`: the intermediate that signs for services
/// and operators; the key may be elsewhere most of the time. `root.pem`, `root.key`: the root that signs intermediates;
/// the key may be elsewhere most of the time. `next-root.pem`, `next-root.key`: the one that a rotation is putting in
/// its place. `intermediate.pem`, `intermediate.key`: the one that signs certificates. `previous-<key>.pem`,
/// `previous-<key>.key`: intermediates of old. `generation`: counts the changes. Instead of a `.key` there may be a
/// `.key-uri` that says where in a PKCS#11 token the key is.
package struct AuthorityDirectory: Sendable {
  /// The folder's path, without a slash at its end.
  package let path: String
  /// The file with the passphrase of encrypted keys, or the PIN of a token.
  private let passphraseFile: String?

  package init(_ path: String, passphraseFile: String? = nil) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    self.passphraseFile = passphraseFile
  }

  /// The path of a file in the folder.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Whether there is an authority in the folder.
  package var isInitialised: Bool { AuthorityFile.exists(path("ca.pem")) }

  /// Reads the authority that devices' certificates come from.
  package func load() throws(AuthorityError) -> Authority {
    guard isInitialised else {
      throw AuthorityError(
        "there is no certificate authority in \(path): make one with xtblish-provisioner ca init --directory \(path)")
    }
    let passphrase = try passphrase()
    var issuers = [try signer("intermediate", passphrase)]
    for name in try previousNames() { issuers.append(try signer(name, passphrase)) }
    return Authority(roots: try certificates("ca.pem"), issuers: issuers, generation: try generation())
  }

  /// Reads the intermediate that signs for services and operators.
  package func loadServicesSigner() throws(AuthorityError) -> CertificateSigner {
    guard isInitialised else {
      throw AuthorityError(
        "there is no certificate authority in \(path): make one with xtblish-provisioner ca init --directory \(path)")
    }
    return try signer(IssuerAudience.services.fileName, passphrase())
  }

  func passphrase() throws(AuthorityError) -> [UInt8]? {
    guard let passphraseFile else { return nil }
    return try AuthorityFile.readPassphrase(passphraseFile)
  }

  func certificates(_ name: String) throws(AuthorityError) -> [X509Certificate] {
    let bytes = try AuthorityFile.read(path(name))
    let found: [X509Certificate]
    do {
      found = try X509Certificate.all(pem: bytes)
    } catch {
      throw AuthorityError(path(name), error)
    }
    guard !found.isEmpty else { throw AuthorityError("\(path(name)) holds no certificate") }
    return found
  }

  func signer(_ name: String, _ passphrase: [UInt8]?) throws(AuthorityError) -> CertificateSigner {
    let chain = try certificates("\(name).pem")
    let key = try key(name, passphrase)
    do {
      return try CertificateSigner(chain: chain, key: key)
    } catch {
      throw AuthorityError(
        "\(path(name)).key is not the key of \(name).pem: if ca rotate was interrupted, run it again")
    }
  }

  func key(_ name: String, _ passphrase: [UInt8]?) throws(AuthorityError) -> P256.PrivateKey {
    if AuthorityFile.exists(path("\(name).key-uri")) { return try tokenKey(name, passphrase) }
    var bytes = try AuthorityFile.read(path("\(name).key"), isSecret: true)
    defer { bytes.wipe() }
    do {
      return try P256.PrivateKey(pem: bytes, passphrase: passphrase)
    } catch {
      throw AuthorityError(path("\(name).key"), error)
    }
  }

  private func tokenKey(_ name: String, _ passphrase: [UInt8]?) throws(AuthorityError) -> P256.PrivateKey {
    let text = try AuthorityFile.read(path("\(name).key-uri"))
    return try Self.tokenKey(
      String(decoding: text.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self), passphrase)
  }

  static func tokenKey(_ text: String, _ passphrase: [UInt8]?) throws(AuthorityError) -> P256.PrivateKey {
    do {
      let uri = try PKCS11URI(text)
      let fromFile: [UInt8]? = if let file = uri.pinFile { try AuthorityFile.readPassphrase(file) } else { nil }
      guard let pin = fromFile ?? passphrase else {
        throw AuthorityError(
          "the token's PIN is not given: name its file by pin-source in \(uri), or as the passphrase file")
      }
      return try P256.PrivateKey(token: uri, pin: pin)
    } catch let error as AuthorityError {
      throw error
    } catch {
      throw AuthorityError("the key in the token can't be used: \(error)")
    }
  }

  /// The names of old intermediates, newest first, without the ending of the file.
  private func previousNames() throws(AuthorityError) -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw AuthorityError("\(path) can't be listed: \(error)")
    }
    return names.filter { $0.hasPrefix("previous-") && $0.hasSuffix(".pem") }.map { String($0.dropLast(4)) }.sorted()
  }

  func generation() throws(AuthorityError) -> Int {
    let text = String(decoding: try AuthorityFile.read(path("generation")), as: UTF8.self)
    guard let number = Int(text.filter { !$0.isWhitespace }), number > 0 else {
      throw AuthorityError("\(path("generation")) must hold a number from 1: it counts the changes of this folder")
    }
    return number
  }
}
