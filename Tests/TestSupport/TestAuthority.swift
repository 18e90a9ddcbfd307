import Foundation
package import OpenSSL

/// A certificate authority for one test: a root, an intermediate below it, and certificates as the project's own
/// authority makes them, or wrong in one way.
package final class TestAuthority: Sendable {
  /// A certificate with its key, as files.
  package struct Identity: Sendable {
    package let certificate: X509Certificate
    package let certificateFile: String
    package let keyFile: String

    /// Options of curl that show it.
    package var curlOptions: [String] { ["--cert", certificateFile, "--key", keyFile] }
  }

  package let root: X509Certificate
  package let intermediate: X509Certificate
  private let rootKey: P256.PrivateKey
  private let intermediateKey: P256.PrivateKey
  private let folder: TemporaryFolder

  package init() throws {
    folder = try TemporaryFolder("xtblish-authority")
    let mark = String(UInt32.random(in: 0 ... .max), radix: 16)
    let (begin, end) = (Date(timeIntervalSinceNow: -3_600), Date(timeIntervalSinceNow: 86_400))
    rootKey = try P256.PrivateKey()
    root = try X509Certificate(
      CertificateTemplate(
        commonName: "test root \(mark)", kind: .authority(pathLength: 1), notBefore: begin, notAfter: end),
      for: rootKey.publicKey, issuer: nil, issuerKey: rootKey)
    intermediateKey = try P256.PrivateKey()
    intermediate = try X509Certificate(
      CertificateTemplate(
        commonName: "test issuing CA \(mark)", kind: .authority(pathLength: 0), notBefore: begin, notAfter: end),
      for: intermediateKey.publicKey, issuer: root, issuerKey: rootKey)
    try Self.write(Array(root.pem.utf8), to: rootsFile)
    try Self.write(Array(intermediate.pem.utf8), to: intermediateFile)
  }

  /// What peers trust.
  package var rootsFile: String { folder.path("ca.pem") }

  package var intermediateFile: String { folder.path("intermediate.pem") }

  /// A server's certificate for this machine.
  package func server(_ name: String = "server") throws -> Identity {
    try issue(name, uris: ["urn:xtblish:service:\(name)"], usages: [.server, .client])
  }

  /// A device's certificate.
  package func device(_ id: String, from begin: Double = -60, to end: Double = 3_600) throws -> Identity {
    try issue("device-\(id)", uris: ["urn:xtblish:device:\(id)"], from: begin, to: end)
  }

  /// - Parameters:
  ///   - name: of its files, and its common name.
  ///   - begin: seconds from now.
  ///   - isSelfSigned: made with its own key, below nobody.
  package func issue(
    _ name: String, uris: [String], usages: Set<CertificateTemplate.Usage> = [.client], from begin: Double = -60,
    to end: Double = 3_600, isSelfSigned: Bool = false
  ) throws -> Identity {
    let key = try P256.PrivateKey()
    let names = uris.map { AlternativeName.uri($0) } + [.dns("localhost"), .ip([127, 0, 0, 1])]
    let certificate = try X509Certificate(
      CertificateTemplate(
        commonName: name, kind: .leaf(usages), alternativeNames: names, notBefore: Date(timeIntervalSinceNow: begin),
        notAfter: Date(timeIntervalSinceNow: end)),
      for: key.publicKey, issuer: isSelfSigned ? nil : intermediate, issuerKey: isSelfSigned ? key : intermediateKey)
    let identity = Identity(
      certificate: certificate, certificateFile: folder.path("\(name).pem"), keyFile: folder.path("\(name).key"))
    let chain = try certificate.pem + (isSelfSigned ? "" : intermediate.pem)
    // The key first: who follows the files then sees a pair that does not belong together at worst for a moment.
    try Self.write(key.pem(), to: identity.keyFile)
    try Self.write(Array(chain.utf8), to: identity.certificateFile)
    return identity
  }

  /// The certificates that the intermediate took back, in DER.
  package func revocationList(
    _ revoked: [Identity], number: Int64 = 1, from begin: Double = -60, to end: Double = 3_600
  ) throws -> [UInt8] {
    try CertificateRevocationList(
      issuer: intermediate, issuerKey: intermediateKey, number: number, thisUpdate: Date(timeIntervalSinceNow: begin),
      nextUpdate: Date(timeIntervalSinceNow: end),
      entries: revoked.map { .init(serialNumber: $0.certificate.serialNumber, date: Date()) }
    ).der
  }

  /// Replaces the file at once, for its owner alone.
  private static func write(_ bytes: [UInt8], to path: String) throws {
    let temporary = path + ".new"
    try Data(bytes).write(to: URL(filePath: temporary))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: temporary)
    guard rename(temporary, path) == 0 else { throw TestFailure("can't replace \(path): \(errorText())") }
  }
}
