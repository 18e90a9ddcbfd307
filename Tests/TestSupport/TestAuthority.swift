/// A certificate authority that the `openssl` program makes when a test runs: a root, an intermediate under it, and
/// leaves that come with the intermediate.
package final class TestAuthority: Sendable {
  /// PEM files.
  package struct Leaf: Sendable {
    /// The leaf and the intermediate.
    package var certificateFile: String
    package var keyFile: String
  }

  /// What a leaf's key may be used for.
  package enum Usage: String, Sendable {
    case server = "serverAuth"
    case client = "clientAuth"
    case both = "serverAuth,clientAuth"
  }

  /// The root, PEM.
  package var caFile: String { folder.path("root.pem") }

  private let folder: TemporaryFolder

  package init(_ name: String = "test") async throws {
    folder = try TemporaryFolder("xtblish-authority")
    try await key("root")
    try writeFile(
      folder.path("root.cnf"),
      """
      [req]
      distinguished_name = name
      prompt = no
      [name]
      CN = \(name) root
      [extensions]
      basicConstraints = critical, CA:TRUE
      keyUsage = critical, keyCertSign, cRLSign
      subjectKeyIdentifier = hash

      """)
    try await openssl([
      "req", "-x509", "-new", "-config", folder.path("root.cnf"), "-extensions", "extensions", "-key",
      folder.path("root.key"), "-days", "30", "-out", caFile,
    ])
    try await issue(
      "intermediate", by: "root", days: 20,
      """
      basicConstraints = critical, CA:TRUE, pathlen:0
      keyUsage = critical, keyCertSign, cRLSign
      """)
  }

  /// Makes a key and a certificate for it.
  ///
  /// - Parameters:
  ///   - name: the common name, and the start of the files' names.
  ///   - alternativeNames: as OpenSSL writes them, for example `DNS:localhost,URI:urn:x`.
  ///   - days: how long it is good; -1: until yesterday.
  package func leaf(
    _ name: String, alternativeNames: String = "DNS:localhost,IP:127.0.0.1", usage: Usage = .both, days: Int = 10
  ) async throws -> Leaf {
    try await issue(
      name, by: "intermediate", days: days,
      """
      basicConstraints = critical, CA:FALSE
      keyUsage = critical, digitalSignature
      extendedKeyUsage = \(usage.rawValue)
      subjectAltName = \(alternativeNames)
      """)
    let chain = folder.path("\(name)-chain.pem")
    let parts = [folder.path("\(name).pem"), folder.path("intermediate.pem")].compactMap(readFile)
    try writeFile(chain, parts.joined())
    return Leaf(certificateFile: chain, keyFile: folder.path("\(name).key"))
  }

  private func key(_ name: String) async throws {
    try await openssl([
      "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder.path("\(name).key"),
    ])
  }

  private func issue(_ name: String, by issuer: String, days: Int, _ extensions: String) async throws {
    try await key(name)
    try writeFile(folder.path("\(name).ext"), extensions + "\n")
    try await openssl([
      "req", "-new", "-key", folder.path("\(name).key"), "-subj", "/CN=\(name)", "-out", folder.path("\(name).csr"),
    ])
    try await openssl([
      "x509", "-req", "-in", folder.path("\(name).csr"), "-CA", folder.path("\(issuer).pem"), "-CAkey",
      folder.path("\(issuer).key"), "-CAcreateserial", "-days", "\(days)", "-extfile", folder.path("\(name).ext"),
      "-out", folder.path("\(name).pem"),
    ])
  }

  private func openssl(_ arguments: [String]) async throws {
    try await runProgram("openssl", arguments)
  }
}
