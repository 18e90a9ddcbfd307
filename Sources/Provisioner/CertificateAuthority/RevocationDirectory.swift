import FoundationEssentials
import Foundations
import Glibc
package import OpenSSL

/// A folder with the roots and CRLs for a broker or any other program over OpenSSL.
///
/// `ca.pem` holds the roots, `ca.crl.pem` all lists in use. Beside them are the names that OpenSSL looks for in a folder
/// of certificates: `<hash>.0` for a root, `<hash>.r0`, `<hash>.r1` and so on for the lists of an issuer. A running
/// mosquitto looks for the next of these names at each handshake, so a new list is in force at once, without a signal,
/// and no session ends. It never looks again at one that it has read, and keeps them all.
package struct RevocationDirectory: Sendable {
  private let path: String
  /// The largest file with lists that is read. A list with a million entries has 40 MB, and half as much again in PEM.
  private static let maximumListBytes = 1 << 30

  package init(_ path: String) {
    self.path = path
  }

  /// Fills the folder for a broker's first start: with an empty list for each issuer, older than any that the service
  /// makes.
  package func begin(roots: [X509Certificate], issuers: [CertificateSigner]) throws {
    var lists: [CertificateRevocationList] = []
    for issuer in issuers {
      lists.append(
        try CertificateRevocationList(
          issuer: issuer.certificate, issuerKey: issuer.key, number: 0, thisUpdate: issuer.certificate.notBefore,
          nextUpdate: issuer.certificate.notAfter.addingTimeInterval(2 * 86_400), entries: []))
    }
    try write(roots: roots, lists: lists)
  }

  /// Brings the folder up to date. Must not run twice at the same time for one folder.
  ///
  /// - Parameter lists: all that are in use, those of an issuer in the order in which they were made.
  package func write(roots: [X509Certificate], lists: [CertificateRevocationList]) throws {
    try AuthorityFile.makeFolder(path, mode: 0o755)
    try AuthorityFile.locking(path) { () throws(AuthorityError) in
      do {
        try write(roots)
        var groups: [String: [CertificateRevocationList]] = [:]
        for list in lists { groups[try list.issuerHash, default: []].append(list) }
        for (hash, group) in groups { try append(group, hash) }
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

  /// The file whose time says when whoever keeps the folder last knew that nothing was missing in it.
  static let followedName = "followed"

  /// Notes that nothing is missing in the folder at this moment.
  package func noteFollowed() throws {
    try AuthorityFile.write([], to: "\(path)/\(Self.followedName)")
  }

  /// How long ago nothing was missing in the folder; nil: that was never so.
  package var age: Duration? {
    var status = stat()
    guard stat("\(path)/\(Self.followedName)", &status) == 0 else { return nil }
    return .seconds(max(0, time(nil) - status.st_mtim.tv_sec))
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

  /// Appends the lists of an issuer that are not there yet, each under the next name.
  private func append(_ lists: [CertificateRevocationList], _ hash: String) throws {
    let names = try numbers(of: hash)
    var next = names
    var new = lists[...]
    if next > 0 {
      // Where this is another past than the one that the last file is from, all of it is new.
      let last = try CertificateRevocationList.all(
        pem: try AuthorityFile.read(name(hash, next - 1), maximumByteCount: Self.maximumListBytes)
      ).last
      if let index = lists.lastIndex(where: { $0 == last }) { new = lists[(index + 1)...] }
    }
    var complete: Int?
    for list in new {
      try AuthorityFile.write(list.pem, to: name(hash, next))
      if !list.isPartial { complete = next }
      next += 1
    }
    if let complete { try supersede(before: complete, hash, by: lists[0]) }
  }

  /// Links the names before the last list about everything to the first list, which is small, as a broker that starts
  /// reads all names. Nothing is lost for one that is running and has not read them: it reads that list right after.
  private func supersede(before complete: Int, _ hash: String, by first: CertificateRevocationList) throws {
    guard complete > 0 else { return }
    if !first.isPartial, try first.revokedSerialNumbers.isEmpty { try replace("\(hash).r0", try first.pem) }
    for number in stride(from: 1, to: complete, by: 1) {
      var status = stat()
      let path = name(hash, number)
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { continue }
      try link(path, to: "\(hash).r0")
    }
    try? SmallFile.synchronizeFolder(of: "\(path)/\(hash).r0")
  }

  /// How many names of lists an issuer has. OpenSSL ends at the first that is missing.
  private func numbers(of hash: String) throws -> Int {
    let start = "\(hash).r"
    let found = Set(
      try FileManager.default.contentsOfDirectory(atPath: path).compactMap { name in
        name.hasPrefix(start) ? Int(name.dropFirst(start.count)) : nil
      })
    var next = 0
    while found.contains(next) { next += 1 }
    return next
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
    let (file, bytes) = ("\(path)/\(name)", Array(text.utf8))
    var status = stat()
    if stat(file, &status) == 0, Int(status.st_size) == bytes.count,
      try AuthorityFile.read(file, maximumByteCount: Self.maximumListBytes) == bytes
    {
      return
    }
    try AuthorityFile.write(bytes, to: file)
  }
}
