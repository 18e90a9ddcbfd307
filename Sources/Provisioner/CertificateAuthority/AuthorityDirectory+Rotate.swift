import FoundationEssentials
import Foundations
import Glibc
import OpenSSL

extension AuthorityDirectory {
  /// Makes a new intermediate, and a new root too if asked for. Old certificates stay good until the end that is
  /// written in them.
  ///
  /// A new root is also signed by the one before: whoever trusts only the old root can follow a new chain, and whoever
  /// has an old chain is trusted as before, as both roots are in `ca.pem`.
  ///
  /// A rotation that was interrupted is completed by running it again. The new root takes the old one's place last of
  /// all: until then the old one signs on, as its place and `ca.pem` say.
  ///
  /// - Parameters:
  ///   - rootDirectory: where `root.pem` and `root.key` are, if they are not kept in this folder.
  ///   - isKeyLost: whether to go on without the old intermediate's key. What that has issued stays good, and is on no
  ///     new list when it is taken back.
  package func rotate(
    _ options: Options, includingRoot: Bool, rootDirectory: AuthorityDirectory? = nil, isKeyLost: Bool = false
  ) throws(AuthorityError) -> Authority {
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      guard isInitialised else { throw AuthorityError("there is no certificate authority in \(path): run ca init") }
      let passphrase = try passphrase()
      let home = rootDirectory ?? self
      // If that was all that an interrupted rotation of the root had left to do, what is asked for is done.
      if try home.finishPromotion(), includingRoot { return }
      let root = try signingRoot(in: home)
      try keepIntermediate(passphrase, isKeyLost: isKeyLost)
      guard includingRoot else {
        // While a root is being replaced, the new intermediate needs what leads to the old one too.
        let cross = try crossCertificates(of: root.certificate, in: ["intermediate.pem"], options.now)
        _ = try makeIntermediate(options, passphrase, root: root.certificate, rootKey: root.key, cross: cross)
        try countChange()
        return
      }
      try home.keepRoot(root.certificate)
      let roots = try certificates("ca.pem").filter { $0.notAfter > options.now }
      let new =
        if let pending = try home.pendingRoot(options, among: roots) {
          pending
        } else {
          try home.makeRoot(options, try home.passphrase(), name: Self.nextRoot)
        }
      // Of any length: the root that takes the new one's place is below it for those who know only the old one.
      var template = try template("xtblish root", new.key, pathLength: nil, options.rootLifetime, options.now)
      template.notAfter = min(template.notAfter, root.certificate.notAfter)
      let cross = try issue(template, new.key.publicKey, issuer: root.certificate, root.key)
      // Everybody learns of the new root before anything is signed under it.
      let others = roots.filter { $0 != new.certificate }
      let older = try crossCertificates(of: root.certificate, in: ["intermediate.pem"], options.now)
      try AuthorityFile.write(try pem([new.certificate] + others), to: path("ca.pem"))
      _ = try makeIntermediate(
        options, passphrase, root: new.certificate, rootKey: new.key,
        cross: [cross] + older)
      try countChange()
      try home.promoteNextRoot()
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
      _ = try home.finishPromotion()
      let root = try signingRoot(in: home)
      // A rotation of the root leaves the way to the old one with the devices' intermediate alone.
      let cross = try crossCertificates(of: root.certificate, in: ["services.pem", "intermediate.pem"], options.now)
      _ = try makeIntermediate(
        options, try passphrase(), root: root.certificate, rootKey: root.key, cross: cross, for: .services)
    }
    return try loadServicesSigner()
  }

  /// The root that signs, and its key.
  ///
  /// - Parameter home: the folder that it is kept in.
  private func signingRoot(
    in home: AuthorityDirectory
  ) throws(AuthorityError) -> (certificate: X509Certificate, key: P256.PrivateKey) {
    let certificate = try home.certificates("root.pem")[0]
    let key = try home.key("root", try home.passphrase())
    let remedy =
      "if a rotation of the root was interrupted, put the newest retired-root-… in \(home.path) back as root.pem and"
      + " root.key, and run it again"
    guard certificate.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo else {
      throw AuthorityError("\(home.path)/root.key is not the key of root.pem: \(remedy)")
    }
    // What it signed would be trusted by nobody.
    guard try certificates("ca.pem").contains(certificate) else {
      throw AuthorityError("\(home.path)/root.pem is not in \(path("ca.pem")), which everybody trusts: \(remedy)")
    }
    return (certificate, key)
  }

  /// What leads from a root to those before it, step by step, each once.
  ///
  /// - Parameter names: the files of intermediates that carry it.
  private func crossCertificates(
    of root: X509Certificate, in names: [String], _ now: Date
  ) throws(AuthorityError) -> [X509Certificate] {
    var pool: [X509Certificate] = []
    for name in names where AuthorityFile.exists(path(name)) {
      for certificate in try certificates(name).dropFirst() where certificate.notAfter > now {
        if !pool.contains(certificate) { pool.append(certificate) }
      }
    }
    var found: [X509Certificate] = []
    var reached: Set<String?> = [root.commonName]
    while let next = pool.firstIndex(where: { reached.contains($0.commonName) }) {
      let certificate = pool.remove(at: next)
      reached.insert(certificate.issuerCommonName)
      found.append(certificate)
    }
    return found
  }

  /// What a new root's files are called until it takes the old one's place.
  private static let nextRoot = "next-root"

  /// The new root of a rotation that was interrupted once everybody could know of it: another one in its stead would
  /// leave it trusted for nothing.
  private func pendingRoot(
    _ options: Options, among roots: [X509Certificate]
  ) throws(AuthorityError) -> (certificate: X509Certificate, key: P256.PrivateKey)? {
    guard AuthorityFile.exists(path("\(Self.nextRoot).pem")),
      AuthorityFile.exists(path("\(Self.nextRoot).key-uri")) == (options.rootKeyURI != nil)
    else { return nil }
    let certificate = try certificates("\(Self.nextRoot).pem")[0]
    guard roots.contains(certificate) else { return nil }
    let key = try key(Self.nextRoot, try passphrase())
    guard certificate.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo else { return nil }
    return (certificate, key)
  }

  /// Puts the new root in the old one's place: the certificate last, by which a repeat sees whether it was interrupted.
  private func promoteNextRoot() throws(AuthorityError) {
    let isInToken = AuthorityFile.exists(path("\(Self.nextRoot).key-uri"))
    let (ending, other) = isInToken ? (".key-uri", ".key") : (".key", ".key-uri")
    try move(Self.nextRoot + ending, to: "root\(ending)")
    try remove("root\(other)")
    try move("\(Self.nextRoot).pem", to: "root.pem")
  }

  /// Does the rest of a promotion that was interrupted between the key and its certificate.
  ///
  /// - Returns: whether there was one.
  private func finishPromotion() throws(AuthorityError) -> Bool {
    guard AuthorityFile.exists(path("\(Self.nextRoot).pem")), !AuthorityFile.exists(path("\(Self.nextRoot).key")),
      !AuthorityFile.exists(path("\(Self.nextRoot).key-uri"))
    else { return false }
    let certificate = try certificates("\(Self.nextRoot).pem")[0]
    let key = try key("root", try passphrase())
    guard certificate.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo else { return false }
    try move("\(Self.nextRoot).pem", to: "root.pem")
    return true
  }

  private func move(_ name: String, to new: String) throws(AuthorityError) {
    guard rename(path(name), path(new)) == 0 else {
      throw AuthorityError("\(path(name)) can't be renamed to \(new): \(String(cString: strerror(errno)))")
    }
    try? SmallFile.synchronizeFolder(of: path(new))
  }

  private func countChange() throws(AuthorityError) {
    try AuthorityFile.write("\(try generation() + 1)\n", to: path("generation"))
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
        try refuseIfNeeded(keyName)
        try AuthorityFile.write(try pem(roots), to: path("ca.pem"))
        for audience in [IssuerAudience.devices, .services] { try prune("\(audience.fileName).pem", keyName) }
      }
      for ending in [".pem", ".key", ".key-uri"] { try remove(previous + ending) }
      try countChange()
    }
    return try load()
  }

  /// Refuses to take out a root that is needed.
  ///
  /// - Throws: if an intermediate that signs now is of this root: all that it has signed would be refused.
  private func refuseIfNeeded(_ keyName: String) throws(AuthorityError) {
    for (audience, remedy) in [
      (IssuerAudience.devices, "ca rotate"), (.services, "ca rotate --services"),
    ] where AuthorityFile.exists(path("\(audience.fileName).pem")) {
      guard !Self.isSigned(try certificates("\(audience.fileName).pem")[0], by: keyName) else {
        throw AuthorityError(
          "\(keyName) is in use: \(path("\(audience.fileName).pem")) is signed by it; run \(remedy) first")
      }
    }
  }

  /// Takes out of an intermediate's file what led to a root of old, and leads nowhere now.
  private func prune(_ name: String, _ keyName: String) throws(AuthorityError) {
    guard AuthorityFile.exists(path(name)) else { return }
    let chain = try certificates(name)
    let kept = chain.filter { !Self.isSigned($0, by: keyName) }
    if kept.count < chain.count { try AuthorityFile.write(try pem(kept), to: path(name)) }
  }

  /// Whether the issuer that a certificate names is the one whose name ends so.
  private static func isSigned(_ certificate: X509Certificate, by keyName: String) -> Bool {
    certificate.issuerCommonName?.hasSuffix(keyName) == true
  }

  /// Keeps the intermediate under another name: it still signs the CRL for what it has issued.
  private func keepIntermediate(_ passphrase: [UInt8]?, isKeyLost: Bool) throws(AuthorityError) {
    let signer: CertificateSigner
    do {
      signer = try self.signer("intermediate", passphrase)
    } catch {
      // A rotation that was interrupted has kept it already, and left a new key without its certificate.
      if let kept = try certificates("intermediate.pem").first,
        AuthorityFile.exists(path("previous-\(Self.keyName(of: kept) ?? "").pem"))
      {
        return
      }
      guard isKeyLost else {
        throw AuthorityError(
          "\(error); if there is no copy of that key any more, run ca rotate with --lost-key, and read what that means "
            + "in docs/disaster.md")
      }
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
