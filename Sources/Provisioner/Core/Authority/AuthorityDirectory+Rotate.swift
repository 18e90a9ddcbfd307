import FoundationEssentials
import Glibc
import OpenSSL

extension AuthorityDirectory {
  /// Makes a new intermediate, and a new root too if asked for. What is of old stays good for as long as it is written
  /// in it.
  ///
  /// A new root is also signed by the one before: whoever trusts only the old root can follow a new chain, and whoever
  /// has an old chain is trusted as before, as both roots are in `ca.pem`.
  ///
  /// - Parameter rootDirectory: where `root.pem` and `root.key` are, if they are not kept in this folder.
  package func rotate(
    _ options: Options, includingRoot: Bool, rootDirectory: AuthorityDirectory? = nil
  ) throws(AuthorityError) -> Authority {
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      guard isInitialised else { throw AuthorityError("there is no certificate authority in \(path): run ca init") }
      let passphrase = try passphrase()
      let home = rootDirectory ?? self
      guard let root = try home.certificates("root.pem").first else { return }
      let rootKey = try home.key("root", try home.passphrase())
      guard root.subjectPublicKeyInfo == rootKey.publicKey.subjectPublicKeyInfo else {
        throw AuthorityError("\(home.path)/root.key is not the key of root.pem")
      }
      try keepIntermediate(passphrase)
      if includingRoot {
        try home.keepRoot(root)
        let new = try home.makeRoot(options, try home.passphrase())
        var template = try template("xtblish root", new.key, pathLength: 1, options.rootLifetime, options.now)
        template.notAfter = min(template.notAfter, root.notAfter)
        let cross = try issue(template, new.key.publicKey, issuer: root, rootKey)
        // Everybody learns of the new root before anything is signed under it.
        let roots = try certificates("ca.pem").filter { $0.notAfter > options.now }
        try AuthorityFile.write(try pem([new.certificate] + roots), to: path("ca.pem"))
        _ = try makeIntermediate(options, passphrase, root: new.certificate, rootKey: new.key, cross: [cross])
      } else {
        // While a root is being replaced, the new intermediate needs what leads to the old one too.
        let cross = try certificates("intermediate.pem").dropFirst().filter {
          $0.subjectPublicKeyInfo == root.subjectPublicKeyInfo && $0.notAfter > options.now
        }
        _ = try makeIntermediate(options, passphrase, root: root, rootKey: rootKey, cross: Array(cross))
      }
      try AuthorityFile.write("\(try generation() + 1)\n", to: path("generation"))
    }
    return try load()
  }

  /// Makes a new intermediate for services and operators. Certificates of the old one stay good: they carry it along.
  ///
  /// - Parameter rootDirectory: where `root.pem` and `root.key` are, if they are not kept in this folder.
  package func rotateServices(
    _ options: Options, rootDirectory: AuthorityDirectory? = nil
  ) throws(AuthorityError) -> CertificateSigner {
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      guard isInitialised else { throw AuthorityError("there is no certificate authority in \(path): run ca init") }
      let home = rootDirectory ?? self
      guard let root = try home.certificates("root.pem").first else { return }
      let rootKey = try home.key("root", try home.passphrase())
      let cross = try certificates("services.pem").dropFirst().filter {
        $0.subjectPublicKeyInfo == root.subjectPublicKeyInfo && $0.notAfter > options.now
      }
      _ = try makeIntermediate(
        options, try passphrase(), root: root, rootKey: rootKey, cross: Array(cross), for: .services)
    }
    return try loadServicesSigner()
  }

  /// Takes an authority of old out: its roots are trusted no more, its intermediate signs no more CRLs.
  ///
  /// - Parameter keyName: the eight digits that its name ends with.
  package func retire(keyName: String) throws(AuthorityError) -> Authority {
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      let authority = try load()
      let isCurrent = authority.issuers[0].chain.contains { Self.keyName(of: $0) == keyName }
      let current = try certificates("root.pem")
      guard !isCurrent, !current.contains(where: { Self.keyName(of: $0) == keyName }) else {
        throw AuthorityError("\(keyName) is in use: make another with ca rotate first")
      }
      let roots = authority.roots.filter { Self.keyName(of: $0) != keyName }
      let previous = "previous-\(keyName)"
      guard roots.count < authority.roots.count || AuthorityFile.exists(path("\(previous).pem")) else {
        throw AuthorityError("there is no authority \(keyName) in \(path): ca show lists them")
      }
      if roots.count < authority.roots.count {
        try AuthorityFile.write(try pem(roots), to: path("ca.pem"))
        let chain = authority.issuers[0].chain
        // What led to it leads nowhere now.
        let kept = chain.filter { $0.issuerCommonName?.hasSuffix(keyName) != true }
        if kept.count < chain.count { try AuthorityFile.write(try pem(kept), to: path("intermediate.pem")) }
      }
      for ending in [".pem", ".key", ".key-uri"] { try remove(previous + ending) }
      try AuthorityFile.write("\(try generation() + 1)\n", to: path("generation"))
    }
    return try load()
  }

  /// Keeps the intermediate under another name: it still signs the CRL for what it has issued.
  private func keepIntermediate(_ passphrase: [UInt8]?) throws(AuthorityError) {
    let signer: CertificateSigner
    do {
      signer = try self.signer("intermediate", passphrase)
    } catch {
      // A rotation that was interrupted has kept it already, and left a new key without its certificate.
      guard let kept = try certificates("intermediate.pem").first,
        AuthorityFile.exists(path("previous-\(Self.keyName(of: kept) ?? "").pem"))
      else { throw error }
      return
    }
    let name = "previous-\(Self.keyName(of: signer.certificate) ?? "")"
    for ending in [".key", ".key-uri"] where AuthorityFile.exists(path("intermediate\(ending)")) {
      var bytes = try AuthorityFile.read(path("intermediate\(ending)"))
      defer { bytes.wipe() }
      try AuthorityFile.write(bytes, to: path("\(name)\(ending)"), isSecret: true)
    }
    try AuthorityFile.write(try pem(signer.chain), to: path("\(name).pem"))
  }

  /// The old root's key is of no more use here; what becomes of it is the operator's business.
  private func keepRoot(_ root: X509Certificate) throws(AuthorityError) {
    let name = "retired-root-\(Self.keyName(of: root) ?? "")"
    try AuthorityFile.write(try pem([root]), to: path("\(name).pem"))
    for ending in [".key", ".key-uri"] where AuthorityFile.exists(path("root\(ending)")) {
      var bytes = try AuthorityFile.read(path("root\(ending)"))
      defer { bytes.wipe() }
      try AuthorityFile.write(bytes, to: path("\(name)\(ending)"), isSecret: true)
    }
  }

  func remove(_ name: String) throws(AuthorityError) {
    guard unlink(path(name)) == 0 || errno == ENOENT else {
      throw AuthorityError("\(path(name)) can't be removed: \(String(cString: strerror(errno)))")
    }
  }

  static func keyName(of certificate: X509Certificate) -> String? {
    (try? certificate.publicKey).flatMap { try? keyName($0) }
  }
}
