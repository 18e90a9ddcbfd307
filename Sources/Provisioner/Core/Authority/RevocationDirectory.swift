import FirmwareImage
import FoundationEssentials
import Glibc
package import OpenSSL

/// A folder with the roots and CRLs for a broker or any other program over OpenSSL.
///
/// `ca.pem` holds the roots, `ca.crl.pem` all CRLs. Beside them are the names that OpenSSL looks for in a folder of
/// certificates: `<hash>.0` for a root, `<hash>.r0`, `<hash>.r1` and so on for the CRLs of an issuer. A running
/// mosquitto looks for the next of these names at each handshake, so a new CRL is in force at once, without a signal,
/// and no session ends. It never looks again at one that it has read.
package struct RevocationDirectory: Sendable {
  private let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// For a broker's first start: an empty list for each issuer, older than any that the service makes.
  ///
  /// - Parameter lifetime: nil for as long as the issuer itself, where nothing will bring other lists.
  package func begin(
    roots: [X509Certificate], issuers: [CertificateSigner], lifetime: Duration? = .seconds(7 * 86_400)
  ) throws {
    var lists: [CertificateRevocationList] = []
    for issuer in issuers {
      let start = max(issuer.certificate.notBefore, Date().addingTimeInterval(-CertificateSigner.clockTolerance))
      let end = lifetime.map { start.addingTimeInterval($0 / .seconds(1)) } ?? issuer.certificate.notAfter
      lists.append(
        try CertificateRevocationList(
          issuer: issuer.certificate, issuerKey: issuer.key, number: 0, thisUpdate: start, nextUpdate: end, entries: [])
      )
    }
    try write(roots: roots, lists: lists)
  }

  /// Brings the folder up to date. Must not run twice at the same time for one folder.
  package func write(roots: [X509Certificate], lists: [CertificateRevocationList]) throws {
    try AuthorityFile.makeFolder(path, mode: 0o755)
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      do {
        try write(roots)
        for list in lists { try append(list) }
        var text = ""
        for list in lists { text += try list.pem }
        // Last: a broker that is told to read it again has the others by then.
        try replace("ca.crl.pem", text)
      } catch let error as AuthorityError {
        throw error
      } catch {
        throw AuthorityError("the CRLs can't be written to \(path): \(error)")
      }
    }
  }

  private func write(_ roots: [X509Certificate]) throws {
    try replace("ca.pem", Authority.pem(roots))
    var written: Set<String> = []
    for (hash, group) in Dictionary(grouping: roots, by: { (try? $0.subjectHash) ?? "" }) where !hash.isEmpty {
      for (index, root) in group.enumerated() {
        try replace("\(hash).\(index)", root.pem)
        written.insert("\(hash).\(index)")
      }
    }
    // Whatever is under such a name is trusted: a root that was retired must not stay.
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where Self.isRootName(name) && !written.contains(name) {
      guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
        throw AuthorityError("\(path)/\(name) can't be removed: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Whether OpenSSL looks for a root under this name: eight hexadecimal digits, a dot, a number.
  private static func isRootName(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 8, !parts[1].isEmpty else { return false }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    return parts[0].utf8.allSatisfy { Hexadecimal.isDigit($0) } && parts[1].utf8.allSatisfy { digits.contains($0) }
  }

  /// Appends a list under the next name of its issuer, unless the last one is the same.
  private func append(_ list: CertificateRevocationList) throws {
    let hash = try list.issuerHash
    var next = 0
    while AuthorityFile.exists(name(hash, next)) { next += 1 }
    let text = try list.pem
    if next > 0, try AuthorityFile.read(name(hash, next - 1)) == Array(text.utf8) { return }
    try AuthorityFile.write(text, to: name(hash, next))
    // A broker that starts reads all of them: those between the first and the last need not be large.
    if next > 1 { try link(name(hash, next - 1), to: "\(hash).r0") }
  }

  private func name(_ hash: String, _ number: Int) -> String { "\(path)/\(hash).r\(number)" }

  private func link(_ path: String, to target: String) throws(AuthorityError) {
    let temporary = "\(path).new"
    unlink(temporary)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
      throw AuthorityError("\(path) can't be made a link: \(String(cString: strerror(errno)))")
    }
  }

  private func replace(_ name: String, _ text: String) throws(AuthorityError) {
    let file = "\(path)/\(name)"
    if AuthorityFile.exists(file), try AuthorityFile.read(file) == Array(text.utf8) { return }
    try AuthorityFile.write(text, to: file)
  }
}
