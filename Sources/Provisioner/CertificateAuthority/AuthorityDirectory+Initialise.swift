package import FoundationEssentials
import Foundations
import OpenSSL

extension AuthorityDirectory {
  /// How a new key or certificate of the authority is to be. Its life begins at `now` and lasts `rootLifetime` (20
  /// years unless set) or `intermediateLifetime` (5 years), an intermediate's never longer than its root's.
  package struct Options: Sendable {
    /// The place of the root's key in a PKCS#11 token; nil makes one in a file.
    package var rootKeyURI: String?
    /// The place of the intermediate's key in a PKCS#11 token; nil makes one in a file.
    package var intermediateKeyURI: String?
    package var rootLifetime: Duration = .seconds(20 * 365 * 86_400)
    package var intermediateLifetime: Duration = .seconds(5 * 365 * 86_400)
    package var now: Date

    package init(now: Date = Date()) {
      self.now = now
    }
  }

  /// Makes a root and the intermediates for devices and for services.
  ///
  /// Of several that do so at once, one does, and the others are told that there is an authority. One that was
  /// interrupted is begun anew: until the last file, `ca.pem`, nobody can have trusted it.
  package func initialise(_ options: Options) throws(AuthorityError) -> Authority {
    try AuthorityFile.makeFolder(path, mode: 0o700)
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      guard !isInitialised else {
        throw AuthorityError("there is a certificate authority in \(path) already: ca show tells about it")
      }
      let passphrase = try passphrase()
      let root = try makeRoot(options, passphrase)
      _ = try makeIntermediate(options, passphrase, root: root.certificate, rootKey: root.key, cross: [])
      _ = try makeIntermediate(
        options, passphrase, root: root.certificate, rootKey: root.key, cross: [], for: .services)
      try AuthorityFile.write("1\n", to: path("generation"))
      try AuthorityFile.write(try pem([root.certificate]), to: path("ca.pem"))
    }
    return try load()
  }

  /// Writes `root.key` and `root.pem`, or the like under another name.
  func makeRoot(
    _ options: Options, _ passphrase: [UInt8]?, name: String = "root"
  ) throws(AuthorityError) -> (certificate: X509Certificate, key: P256.PrivateKey) {
    let key = try makeKey(name, options.rootKeyURI, passphrase)
    let template = try template("xtblish root", key, pathLength: nil, options.rootLifetime, options.now)
    let certificate = try issue(template, key.publicKey, issuer: nil, key)
    try AuthorityFile.write(try pem([certificate]), to: path("\(name).pem"))
    return (certificate, key)
  }

  /// Writes `intermediate.key` and `intermediate.pem`, or those of the services' one.
  ///
  /// - Parameter cross: what leads from the root to one of old.
  func makeIntermediate(
    _ options: Options, _ passphrase: [UInt8]?, root: X509Certificate, rootKey: P256.PrivateKey,
    cross: [X509Certificate], for audience: IssuerAudience = .devices
  ) throws(AuthorityError) -> X509Certificate {
    // The services' key is used offline, and rarely: a token has the devices' one.
    let uri = audience == .devices ? options.intermediateKeyURI : nil
    let key = try makeKey(audience.fileName, uri, passphrase)
    var template = try template(audience.title, key, pathLength: 0, options.intermediateLifetime, options.now)
    template.notAfter = min(template.notAfter, root.notAfter)
    let certificate = try issue(template, key.publicKey, issuer: root, rootKey)
    try AuthorityFile.write(try pem([certificate] + cross), to: path("\(audience.fileName).pem"))
    return certificate
  }

  private func makeKey(_ name: String, _ uri: String?, _ passphrase: [UInt8]?) throws(AuthorityError) -> P256.PrivateKey
  {
    if let uri {
      let key = try Self.tokenKey(uri, passphrase)
      try AuthorityFile.write("\(uri)\n", to: path("\(name).key-uri"))
      try remove("\(name).key")
      return key
    }
    let key: P256.PrivateKey
    do {
      key = try P256.PrivateKey()
    } catch {
      throw AuthorityError("a key can't be made: \(error)")
    }
    try Self.write(key, passphrase, to: path("\(name).key"))
    try remove("\(name).key-uri")
    return key
  }

  static func write(_ key: P256.PrivateKey, _ passphrase: [UInt8]?, to path: String) throws(AuthorityError) {
    do {
      var text = try key.pem(passphrase: passphrase)
      defer { text.wipe() }
      try AuthorityFile.write(text, to: path, isSecret: true)
    } catch let error as AuthorityError {
      throw error
    } catch {
      throw AuthorityError("the key can't be written to \(path): \(error)")
    }
  }

  func template(
    _ name: String, _ key: P256.PrivateKey, pathLength: Int?, _ lifetime: Duration, _ now: Date
  ) throws(AuthorityError) -> CertificateTemplate {
    do {
      return try CertificateTemplate(
        commonName: "\(name) \(Self.keyName(key.publicKey))", kind: .authority(pathLength: pathLength),
        notBefore: now.addingTimeInterval(-CertificateSigner.clockTolerance),
        notAfter: now.addingTimeInterval(lifetime / .seconds(1)))
    } catch {
      throw AuthorityError("\(error)")
    }
  }

  func issue(
    _ template: CertificateTemplate, _ publicKey: P256.PublicKey, issuer: X509Certificate?, _ key: P256.PrivateKey
  ) throws(AuthorityError) -> X509Certificate {
    do {
      return try X509Certificate(template, for: publicKey, issuer: issuer, issuerKey: key)
    } catch {
      throw AuthorityError("the certificate \(template.commonName) can't be made: \(error)")
    }
  }

  func pem(_ certificates: [X509Certificate]) throws(AuthorityError) -> String {
    do {
      return try Authority.pem(certificates)
    } catch {
      throw AuthorityError("\(error)")
    }
  }

  /// What a key is called in names: the first eight hexadecimal digits of its hash.
  static func keyName(_ key: P256.PublicKey) throws(OpenSSLError) -> String {
    Hexadecimal.encode(try key.hash.prefix(4))
  }
}
