import Curl
import Foundation
import OpenSSL
import ServiceHTTP
import TestSupport
import Testing

@Suite(.seated) struct ClientCertificateTests {
  static let id = "0b51ad3c-94fe-4a0f-8f07-1f0c2a6e9d11"

  @Test func aClientWithoutACertificateIsNobody() async throws {
    try await SecureServer.with { server in
      let answer = try #require(try await server.curl("/who"))
      #expect(answer.status == 200 && answer.body.hasPrefix("nobody "))
    }
  }

  @Test(arguments: [
    ("urn:xtblish:device:\(id)", "device:\(id)"), ("urn:xtblish:service:registry", "service:registry"),
    ("urn:xtblish:operator:laptop", "operator:laptop"),
  ])
  func theNameInTheCertificateSaysWhoTheClientIs(uri: String, expected: String) async throws {
    try await SecureServer.with { server in
      let identity = try server.authority.issue("client", uris: [uri])
      let answer = try #require(try await server.curl("/who", as: identity))
      #expect(answer.status == 200 && answer.body.hasPrefix("\(expected) "))
    }
  }

  /// Certificates that are wrong in one way each.
  enum Wrong: String, CaseIterable {
    case expired, notYetValid, selfSigned, otherAuthority, serverOnly, nameless, twoNames, upperCase, otherScheme
  }

  @Test(arguments: Wrong.allCases) func aWrongCertificateGetsNothing(wrong: Wrong) async throws {
    try await SecureServer.with { server in
      let device = "urn:xtblish:device:\(Self.id)"
      let authority = server.authority
      let identity =
        switch wrong {
        case .expired: try authority.issue("c", uris: [device], from: -3_600, to: -60)
        case .notYetValid: try authority.issue("c", uris: [device], from: 3_600, to: 7_200)
        case .selfSigned: try authority.issue("c", uris: [device], isSelfSigned: true)
        case .otherAuthority: try TestTrustChain().issue("c", uris: [device])
        case .serverOnly: try authority.issue("c", uris: [device], usages: [.server])
        case .nameless: try authority.issue("c", uris: [])
        case .twoNames: try authority.issue("c", uris: [device, "urn:xtblish:operator:laptop"])
        case .upperCase: try authority.issue("c", uris: [device.uppercased()])
        case .otherScheme: try authority.issue("c", uris: ["urn:other:device:\(Self.id)"])
        }
      #expect(try await server.curl("/who", as: identity) == nil)
      #expect(server.requests.value == 0)
      // Those who are welcome still get their answer.
      #expect(try await server.curl("/who")?.status == 200)
    }
  }

  @Test func aRevokedCertificateGetsNothing() async throws {
    try await SecureServer.with { server in
      let revoked = try server.authority.device(Self.id)
      let other = try server.authority.device("5d1f3a52-0000-4000-8000-2f1f6a1f7d01")
      #expect(try await server.curl("/who", as: revoked)?.status == 200)
      try server.revocations.replace(with: [server.authority.revocationList([revoked])])
      #expect(try await server.curl("/who", as: revoked) == nil)
      #expect(server.requests.value == 1)
      #expect(try await server.curl("/who", as: other)?.status == 200)
    }
  }

  @Test func aLiveConnectionEndsWhenItsCertificateIsRevoked() async throws {
    try await SecureServer.with { server in
      let revoked = try server.authority.device(Self.id)
      let other = try server.authority.device("5d1f3a52-0000-4000-8000-2f1f6a1f7d01")
      let (victim, bystander) = (try server.startCurl("/hold", as: revoked), try server.startCurl("/hold", as: other))
      try await eventually("both requests are there") { server.requests.value == 2 }

      let start = ContinuousClock.now
      try server.revocations.replace(with: [server.authority.revocationList([revoked])])
      #expect(try await victim.waitForExit() != .exited(0))
      #expect(ContinuousClock.now - start < .seconds(60))

      server.gate.open()
      let answer = try #require(try await SecureServer.answer(of: bystander))
      #expect(answer.status == 200 && answer.body == "device:5d1f3a52-0000-4000-8000-2f1f6a1f7d01")
    }
  }

  /// A resumed session shows no certificate anew, so that neither its end nor its revocation could be missed.
  @Test(arguments: ["-tls1_2", "-tls1_3"]) func aResumedSessionDoesNotOutliveItsCertificate(version: String)
    async throws
  {
    try await SecureServer.with { server in
      let identity = try server.authority.device(Self.id)
      let folder = try TemporaryFolder()
      let session = folder.path("session")
      let request = Array("GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)
      let first = try await server.exchange(request, as: identity, [version, "-sess_out", session])
      #expect(first.contains("device:\(Self.id)"), "\(first)")
      #expect(FileManager.default.fileExists(atPath: session))
      let second = try await server.exchange(request, as: identity, [version, "-sess_in", session])
      #expect(second.contains("device:\(Self.id)"), "\(second)")
      try server.revocations.replace(with: [server.authority.revocationList([identity])])
      let third = try await server.exchange(request, as: identity, [version, "-sess_in", session])
      #expect(!third.contains("HTTP/1.1"), "\(third)")
      #expect(server.requests.value == 2)
    }
  }

  @Test func aConnectionIsNobodysAfterItsCertificateHasExpired() async throws {
    // Long enough for the first request, however busy the machine is.
    for seconds in [4, 16] {
      if try await isNobodysOnceItHasExpired(after: seconds) { return }
    }
    let isNobodys = try await isNobodysOnceItHasExpired(after: 64)
    #expect(isNobodys)
  }

  /// - Returns: false if the certificate had expired before the first request was answered.
  private func isNobodysOnceItHasExpired(after seconds: Int) async throws -> Bool {
    try await SecureServer.with { server in
      let identity = try server.authority.device(Self.id, to: Double(seconds))
      var configuration = HTTPClient.Configuration()
      configuration.tls = HTTPTLS(
        caFile: server.authority.rootsFile, certificateFile: identity.certificateFile, keyFile: identity.keyFile)
      let client = HTTPClient(configuration)
      defer { client.close() }
      let url = "https://127.0.0.1:\(server.port)/who"
      guard let first = try? await client.get(url).text.split(separator: " "), first[0] == "device:\(Self.id)" else {
        return false
      }
      var last = first
      try await eventually(within: .seconds(seconds + 20), "the certificate has expired") {
        last = try await client.get(url).text.split(separator: " ")
        return last[0] == "nobody"
      }
      // On the same connection: a new one would have been refused.
      #expect(last[1] == first[1])
      return true
    }
  }
}
