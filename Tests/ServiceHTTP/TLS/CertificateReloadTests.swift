import Curl
import Foundation
import Logging
import OpenSSL
import ServiceHTTP
import ServiceKit
import TestSupport
import Testing

@Suite(.seated) struct CertificateReloadTests {
  /// The serial number of the certificate that a new connection is shown.
  private func shownSerial(_ server: SecureServer) async throws -> String {
    let shown = try await runProgram(
      "openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", server.authority.rootsFile])
    let folder = try TemporaryFolder()
    try Data(shown.utf8).write(to: URL(filePath: folder.path("shown")))
    return try await runProgram("openssl", ["x509", "-noout", "-serial", "-in", folder.path("shown")])
  }

  private func serial(_ identity: TestTrustChain.Identity) async throws -> String {
    try await runProgram("openssl", ["x509", "-noout", "-serial", "-in", identity.certificateFile])
  }

  private func client(_ server: SecureServer) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.tls = HTTPTLS(caFile: server.authority.rootsFile)
    return HTTPClient(configuration)
  }

  @Test func aNewCertificateIsShownAndNoRequestFails() async throws {
    try await SecureServer.with { server in
      let held = try server.startCurl("/hold")
      try await eventually("the request is there") { server.requests.value == 1 }
      let done = Gate()
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var answered = 0
            while !done.isOpened {
              // A connection each, so that handshakes fall into the change.
              let http = client(server)
              let response = try await http.get("https://127.0.0.1:\(server.port)/who")
              http.close()
              guard response.status == 200 else { throw TestFailure("status \(response.status)") }
              answered += 1
            }
            return answered
          }
        }
        for _ in 0..<3 {
          // Under the same names.
          let expected = try await serial(server.authority.server())
          try await eventually("new connections see the new certificate") {
            try await shownSerial(server) == expected
          }
        }
        done.open()
        for try await answered in group { #expect(answered > 0) }
      }
      server.gate.open()
      #expect(try await SecureServer.answer(of: held)?.status == 200)
    }
  }

  @Test func filesThatCannotBeUsedChangeNothing() async throws {
    try await SecureServer.with { server in
      let before = try await shownSerial(server)
      let own = try server.authority.issue("other", uris: ["urn:xtblish:service:other"], usages: [.server])
      let path = own.keyFile.replacingOccurrences(of: "other.key", with: "server.key")
      // Half of a pair.
      try Data(contentsOf: URL(filePath: own.keyFile)).write(to: URL(filePath: path))
      server.tls.reloadIfChanged()
      #expect(try await shownSerial(server) == before)
      try Data("rubbish".utf8).write(to: URL(filePath: path))
      server.tls.reloadIfChanged()
      #expect(try await shownSerial(server) == before)
    }
  }

  @Test func filesThatCannotBeUsedAreNamedAtTheStart() throws {
    let authority = try TestTrustChain()
    let own = try authority.server()
    let other = try authority.issue("other", uris: [], usages: [.server])
    let good = TLSFiles(certificate: own.certificateFile, key: own.keyFile, roots: authority.rootsFile)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    _ = try ServerTLS(files: good, logger: logger)

    var files = good
    files.key = other.keyFile
    #expect(throws: TLSFileError.self) { try ServerTLS(files: files, logger: logger) }
    files = good
    files.roots = own.keyFile
    let wrong = #expect(throws: TLSFileError.self) { try ServerTLS(files: files, logger: logger) }
    #expect(wrong.map { "\($0)".contains(own.keyFile) } == true)
    files = good
    files.key = "/nonexistent/key"
    #expect(throws: TLSFileError.self) { try ServerTLS(files: files, logger: logger) }

    // A key that everybody may read is nobody's secret.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: own.keyFile)
    let open = #expect(throws: TLSFileError.self) { try ServerTLS(files: good, logger: logger) }
    #expect(open.map { "\($0)".contains("chmod 600") } == true)
  }
}
