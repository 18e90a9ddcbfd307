import Curl
import Foundation
import Foundations
import OpenSSL
import ServiceHTTP
import ServiceKit
import ServiceLifecycle
import TestPeers
import TestSupport
import Testing

@testable import CertificateAuthority
@testable import DeviceCertificates
@testable import DeviceEnrolment
@testable import ProvisionerClient
@testable import ProvisionerServer

/// What the Provisioner answers over TLS with real certificates: the authority's routes first of all.
@Suite(.seated) struct AuthorityHTTPTests {
  private struct Door: Sendable {
    let fixture: AuthorityFixture
    let stage: Stage
    let replica: AuthorityReplica
    let base: String

    var caFile: String { fixture.folder.path("ca/ca.pem") }

    /// A device that enrolled: its certificate in files.
    func device() async throws -> (id: DeviceID, key: P256.PrivateKey, tls: HTTPTLS) {
      let (id, key) = (DeviceID.random(), try P256.PrivateKey())
      let issued = try await replica.issue(id, key)
      let path = fixture.folder.path("\(id)")
      try writeFile("\(path).pem", issued.chain)
      try writeFile("\(path).key", String(decoding: try key.pem(), as: UTF8.self))
      return (id, key, HTTPTLS(caFile: caFile, certificateFile: "\(path).pem", keyFile: "\(path).key"))
    }

    func ask(
      _ method: String, _ path: String, _ body: String? = nil, tls: HTTPTLS? = nil, headers: [HTTPClient.Header] = []
    ) async throws -> (status: Int, head: HTTPClient.ResponseHead, body: [UInt8], fields: [String: Any]) {
      let client = HTTPClient(HTTPClient.Configuration(tls: tls ?? HTTPTLS(caFile: caFile)))
      defer { client.close() }
      let response = try await client.request(
        HTTPClient.Request(
          method, base + path, headers: headers + (body == nil ? [] : [.init("Content-Type", "application/json")]),
          body: body.map { .bytes(Array($0.utf8)) } ?? .none))
      let fields = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any]
      return (response.status, response.head, response.body, fields ?? [:])
    }

    func renew(_ key: P256.PrivateKey, tls: HTTPTLS?) async throws -> (status: Int, fields: [String: Any]) {
      let request = Data(try CertificateRequest(key: key, commonName: "device").der).base64EncodedString()
      let answer = try await ask("POST", "/v1/renew", #"{"certificateRequest": "\#(request)"}"#, tls: tls)
      return (answer.status, answer.fields)
    }
  }

  private func withDoor(_ body: (Door) async throws -> Void) async throws {
    let fixture = try AuthorityFixture()
    try await withStage(isInsecure: false, authority: fixture) { stage in
      let replica = try AuthorityReplica(fixture.directory, pool: stage.pool)
      await replica.keeper.turn()
      let host = try #require(CertificateHost(ip: "127.0.0.1"))
      _ = try LeafFiles(signer: fixture.directory.load().issuers[0], folder: fixture.folder.path("out")).make(
        "provisioner-1", for: .service(name: "provisioner-1", role: .provisioner, hosts: [host]),
        lifetime: .seconds(3_600))
      let list = RevocationList()
      let tls = try ServerTLS(
        files: TLSFiles(
          certificate: fixture.folder.path("out/provisioner-1.pem"), key: fixture.folder.path("out/provisioner-1.key"),
          roots: fixture.folder.path("ca/ca.pem")), revocations: list, logger: quietLogger)
      let access = AccessControl(authorizer: nil, revocations: list)
      let router = ProvisionerRoutes(
        claims: ClaimRoutes(claims: stage.claims, texts: ClaimTexts(issuer: replica.live), access: access),
        enrolment: EnrolmentRoutes(
          enroller: stage.enroller, otp: stage.otp, anchors: stage.anchors, access: access, isInsecure: false)
      ).router()
      AuthorityRoutes(
        issuer: replica.live, feed: replica.feed, renewal: replica.renewal, revocation: replica.revocation
      ).add(to: router, access: access)
      let service = makeHTTPService(
        name: "provisioner", listen: ListenAddress(host: "127.0.0.1", port: 0), router: router, tls: tls,
        logger: quietLogger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let own = OwnRevocations(
          feed: replica.feed, pages: RevocationPages(store: replica.store, validity: .seconds(60)))
        group.addTask {
          try await RevocationFollower(list: list, provisioner: own, logger: quietLogger).run()
        }
        let outcome: Result<Void, any Error>
        do {
          try await eventually { list.isCurrent }
          let base = "https://127.0.0.1:\(try await service.boundPort)"
          outcome = .success(try await body(Door(fixture: fixture, stage: stage, replica: replica, base: base)))
        } catch {
          outcome = .failure(error)
        }
        group.cancelAll()
        while await group.nextResult() != nil {}
        try outcome.get()
      }
    }
  }

  @Test func itKeepsWhatTheProvisionerPromisesToDevices() async throws {
    try await withDoor { door in
      door.stage.registry.publish(directorKey: [UInt8](repeating: 7, count: 32), rootDocument: Array("{}".utf8))
      let peer = ProvisionerOfDevices(door.base, caFile: door.caFile) { try await door.stage.makeClaim().token }
      await expect(peer, toKeep: ProvisionerOfDevices.contract)
    }
  }

  @Test func aDeviceRenewsByItsCertificate() async throws {
    try await withDoor { door in
      let device = try await door.device()
      let answer = try await door.renew(device.key, tls: device.tls)
      #expect(answer.status == 200)
      let chain = try X509Certificate.all(pem: Array((answer.fields["certificateChain"] as? String ?? "").utf8))
      #expect(chain.first?.uris == ["urn:xtblish:device:\(device.id)"])
      let roots = try X509Certificate.all(pem: Array((answer.fields["trustRoots"] as? String ?? "").utf8))
      #expect(AuthorityFixture.refusal(of: chain, roots: roots) == nil)
    }
  }

  @Test func withoutACertificateNobodyRenews() async throws {
    try await withDoor { door in
      let answer = try await door.renew(try P256.PrivateKey(), tls: nil)
      #expect(answer.status == 401)
      #expect(answer.fields["reason"] as? String == "certificate-required")
    }
  }

  @Test func aDeviceCanNotRenewForAnotherKey() async throws {
    try await withDoor { door in
      let (one, two) = (try await door.device(), try await door.device())
      let answer = try await door.renew(two.key, tls: one.tls)
      #expect(answer.status == 403)
      #expect(answer.fields["reason"] as? String == "other-key")
    }
  }

  @Test func aRevokedDevicesConnectionIsRefused() async throws {
    try await withDoor { door in
      let device = try await door.device()
      let answer = try await door.ask("POST", "/v1/devices/\(device.id)/revoke", #"{"reason": "stolen"}"#)
      #expect(answer.status == 200)
      #expect(answer.fields["revoked"] as? Bool == true)
      try await eventually {
        let status = try? await door.renew(device.key, tls: device.tls).status
        await door.replica.keeper.turn()
        // Refused by the record already while the connection is still let in.
        #expect(status == nil || status == 403)
        return status == nil
      }
    }
  }

  @Test func rootsAndListsAreForEverybody() async throws {
    try await withDoor { door in
      let roots = try X509Certificate.all(pem: try await door.ask("GET", "/v1/ca").body)
      #expect(roots == door.replica.live.trustRoots)
      let answer = try await door.ask("GET", "/v1/crl")
      let lists = try CertificateRevocationList.all(pem: answer.body)
      let issuer = try #require(door.replica.live.authority.issuers.first).certificate
      #expect(try lists.map { try $0.isSigned(by: issuer) } == [true])
    }
  }

  @Test func whoWaitsForRevocationsHearsOfThemAtOnce() async throws {
    try await withDoor { door in
      let device = try await door.device()
      let tag = try #require(try await door.ask("GET", "/v1/crl").head["ETag"])
      let header = [HTTPClient.Header("If-None-Match", tag)]
      #expect(try await door.ask("GET", "/v1/crl", headers: header).status == 304)
      async let waiting = door.ask("GET", "/v1/crl?wait=20", headers: header)
      try await door.replica.revoke(device.id)
      let answer = try await waiting
      #expect(answer.status == 200)
      #expect(try CertificateRevocationList.all(pem: answer.body).last?.revokedSerialNumbers.count == 1)
      // Only what is new, for those who say what they have.
      let since = tag.filter { $0 != "\"" }
      let news = try await door.ask("GET", "/v1/crl?since=\(since)", headers: header)
      #expect(news.head["Delta-Base"] == tag)
      #expect(try CertificateRevocationList.all(pem: news.body).count == 1)
      let unknown = try await door.ask("GET", "/v1/crl?since=1-1-00-00")
      #expect(unknown.head["Delta-Base"] == nil)
      #expect(try CertificateRevocationList.all(pem: unknown.body).count == 2)
    }
  }

  @Test func aFolderFollowsOverHTTP() async throws {
    try await withDoor { door in
      let path = door.fixture.folder.path("followed")
      let following = RevocationFollowing(
        provisioner: door.base, folder: RevocationDirectory(path), caFile: door.caFile, logger: quietLogger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await following.run() }
        func revokedCount() -> Int? {
          let bytes = Array((readFile("\(path)/ca.crl.pem") ?? "").utf8)
          return try? CertificateRevocationList.all(pem: bytes).last?.revokedSerialNumbers.count
        }
        try await eventually { revokedCount() == 0 }
        let device = try await door.device()
        try await door.replica.revoke(device.id)
        try await eventually { revokedCount() == 1 }
        #expect(try #require(RevocationDirectory(path).age) < .seconds(60))
        group.cancelAll()
      }
    }
  }
}
