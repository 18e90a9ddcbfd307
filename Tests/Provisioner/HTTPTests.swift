import Curl
import Foundation
import ServiceHTTP
import ServiceKit
import TestPeers
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerServer

@Suite(.seated) struct HTTPTests {
  private struct Answer {
    let status: Int
    let type: String?
    let fields: [String: Any]
    let head: HTTPClient.ResponseHead

    var reason: String? { fields["reason"] as? String }
  }

  private struct Door: Sendable {
    let client: HTTPClient
    let base: String

    func ask(
      _ method: String, _ path: String, _ body: String? = nil, type: String = "application/json"
    ) async throws -> Answer {
      let response = try await client.request(
        HTTPClient.Request(
          method, base + path, headers: body == nil ? [] : [HTTPClient.Header("Content-Type", type)],
          body: body.map { .bytes(Array($0.utf8)) } ?? .none))
      let fields = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any]
      return Answer(
        status: response.status, type: response.head["Content-Type"], fields: fields ?? [:], head: response.head)
    }
  }

  private func withDoor(
    isInsecure: Bool = true, _ body: (Stage, Door) async throws -> Void
  ) async throws {
    try await withStage(isInsecure: isInsecure) { stage in
      let service = makeHTTPService(
        name: "provisioner", listen: ListenAddress(host: "127.0.0.1", port: 0),
        router: ProvisionerRoutes(
          claims: ClaimRoutes(claims: stage.claims, texts: ClaimTexts(issuer: nil), access: .open),
          enrolment: EnrolmentRoutes(
            enroller: stage.enroller, otp: stage.otp, anchors: stage.anchors, access: .open, isInsecure: isInsecure)
        ).router(),
        limits: HTTPLimits(maximumBodyBytes: 64 << 10), logger: quietLogger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let client = HTTPClient()
        let outcome: Result<Void, any Error>
        do {
          outcome = .success(
            try await body(stage, Door(client: client, base: "http://127.0.0.1:\(service.boundPort)")))
        } catch {
          outcome = .failure(error)
        }
        client.close()
        group.cancelAll()
        _ = await group.nextResult()
        try outcome.get()
      }
    }
  }

  /// A restored database may give out a version again that was told before.
  @Test func aRootDocumentIsKnownByItsBytesHoweverItsVersionWasGivenOut() async throws {
    try await withDoor { stage, door in
      stage.registry.publish(directorKey: [UInt8](repeating: 7, count: 32), rootDocument: Array("{}".utf8))
      for version in ["1", "latest"] {
        let answer = try await door.ask("GET", "/v1/root-documents/\(version)")
        #expect(answer.status == 200 && answer.head["Cache-Control"] == "no-cache")
        let tag = try #require(answer.head["ETag"])
        #expect(tag == "\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"")
        let again = try await door.client.request(
          HTTPClient.Request(
            "GET", door.base + "/v1/root-documents/\(version)", headers: [HTTPClient.Header("If-None-Match", tag)]))
        #expect(again.status == 304)
      }
    }
  }

  @Test func nothingOfAReportOnAnOTPBankIsReadBeforeItIsKnownWhoseItIs() async throws {
    try await withDoor(isInsecure: false) { _, door in
      let answer = try await door.ask("POST", "/v1/otp", "[1")
      #expect(answer.status == 401)
    }
  }

  @Test func whoeverGuessesClaimsIsToldToWaitAndAGoodClaimStillGetsIn() async throws {
    try await withDoor { stage, door in
      let (_, token) = try await stage.makeClaim()
      var statuses: [Int] = []
      var last: Answer?
      for _ in 0..<25 {
        last = try await door.ask("POST", "/v1/enroll", #"{"claim": "xtc_guess", "serial": "SN-1"}"#)
        statuses.append(last?.status ?? 0)
      }
      #expect(Set(statuses) == [403, 429])
      #expect(statuses.last == 429)
      #expect(Int(last?.head["Retry-After"] ?? "") ?? 0 > 0)
      #expect(try await door.ask("POST", "/v1/enroll", #"{"claim": "\#(token)", "serial": "SN-1"}"#).status == 200)
    }
  }

  @Test func aClaimsLife() async throws {
    try await withDoor { _, door in
      let made = try await door.ask(
        "POST", "/v1/claims", #"{"count": 2, "lifetimeSeconds": 60, "tags": ["x"], "namePrefix": "n", "product": "p"}"#)
      #expect(made.status == 201)
      let id = try #require(made.fields["id"] as? String)
      let token = try #require(made.fields["token"] as? String)
      #expect(made.head["Location"] == "/v1/claims/\(id)")
      #expect(made.head["Cache-Control"] == "no-store")
      let device = try await door.ask("POST", "/v1/enroll", #"{"claim": "\#(token)", "serial": "SN-1"}"#)
      #expect(device.status == 200)
      #expect(device.fields["name"] as? String == "n-1")
      #expect(device.fields["heartbeatSeconds"] as? Int == 15)
      #expect((device.fields["mqtt"] as? [String: Any])?["port"] as? Int == 1884)
      #expect(device.fields["imageStoreURLs"] as? [String] == Stage.endpoints.imageStoreURLs)
      let seen = try await door.ask("GET", "/v1/claims/\(id)")
      #expect(seen.fields["used"] as? Int == 1)
      #expect(seen.fields["token"] == nil)
      #expect(try await door.ask("DELETE", "/v1/claims/\(id)").fields["state"] as? String == "revoked")
      let refused = try await door.ask("POST", "/v1/enroll", #"{"claim": "\#(token)", "serial": "SN-2"}"#)
      #expect(refused.status == 403)
      #expect(refused.reason == "claim-refused")
    }
  }

  @Test func pagesOfClaims() async throws {
    try await withDoor { stage, door in
      for _ in 0..<5 { _ = try await stage.makeClaim() }
      let first = try await door.ask("GET", "/v1/claims?limit=3")
      #expect((first.fields["claims"] as? [Any])?.count == 3)
      let cursor = try #require(first.fields["nextCursor"] as? String)
      let second = try await door.ask("GET", "/v1/claims?limit=3&cursor=\(cursor)")
      #expect((second.fields["claims"] as? [Any])?.count == 2)
      #expect(second.fields["nextCursor"] == nil)
    }
  }

  @Test func aRegistryThatIsDownIsToldWithTheTimeToComeBack() async throws {
    try await withDoor { stage, door in
      let (_, token) = try await stage.makeClaim(count: 1)
      stage.registry.fail(2, with: .stoppedService)
      let body = #"{"claim": "\#(token)", "serial": "SN-1"}"#
      let answer = try await door.ask("POST", "/v1/enroll", body)
      #expect(answer.status == 503)
      #expect(answer.reason == "registry-unavailable")
      #expect(answer.head["Retry-After"] == "2")
      #expect(try await door.ask("POST", "/v1/enroll", body).status == 200)
      let exhausted = try await door.ask("POST", "/v1/enroll", #"{"claim": "\#(token)", "serial": "SN-2"}"#)
      #expect(exhausted.status == 409)
      #expect(exhausted.reason == "claim-exhausted")
    }
  }

  @Test func hostileRequestsEachGetAClearAnswer() async throws {
    let long = String(repeating: "x", count: 1000)
    let hostile: [(method: String, path: String, body: String?, status: Int)] = [
      ("POST", "/v1/claims", "", 400),
      ("POST", "/v1/claims", "{", 400),
      ("POST", "/v1/claims", "[]", 400),
      ("POST", "/v1/claims", "null", 400),
      ("POST", "/v1/claims", "{}", 400),
      ("POST", "/v1/claims", #"{"count": 0, "lifetimeSeconds": 60}"#, 400),
      ("POST", "/v1/claims", #"{"count": -1, "lifetimeSeconds": 60}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1.5, "lifetimeSeconds": 60}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1e99, "lifetimeSeconds": 60}"#, 400),
      ("POST", "/v1/claims", #"{"count": "1", "lifetimeSeconds": 60}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 0}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 18446744073709551615}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "lifetme": 1}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "tags": "a"}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "tags": null}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "tags": [""]}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "tags": ["a\u0000b"]}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "product": "\#(long)"}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "namePrefix": "a\nb"}"#, 400),
      (
        "POST", "/v1/claims",
        #"{"count": 1, "lifetimeSeconds": 60, "product": "'; drop schema provisioner cascade; --"}"#, 201
      ),
      ("POST", "/v1/claims", "{\"x\": \"" + String(repeating: "y", count: 70_000) + "\"}", 413),
      ("POST", "/v1/claims", String(repeating: "[", count: 50_000), 400),
      ("PUT", "/v1/claims", "{}", 405),
      ("GET", "/v1/claims?limit=0", nil, 400),
      ("GET", "/v1/claims?limit=501", nil, 400),
      ("GET", "/v1/claims?limit=a", nil, 400),
      ("GET", "/v1/claims?cursor=zzz", nil, 400),
      ("GET", "/v1/claims?sort=up", nil, 400),
      ("GET", "/v1/claims/nope", nil, 400),
      ("GET", "/v1/claims/%00", nil, 400),
      ("GET", "/v1/claims/00000000-0000-0000-0000-000000000000", nil, 404),
      ("DELETE", "/v1/claims/00000000-0000-0000-0000-000000000000", nil, 404),
      ("POST", "/v1/enroll", "{}", 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "token": "a"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "certificateRequest": "%%%"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "certificateRequest": "MAA="}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "certificateRequest": ["MAA="]}"#, 400),
      (
        "POST", "/v1/enroll",
        #"{"claim": "a", "serial": "a", "certificateRequest": "\#(String(repeating: "MIIA", count: 5000))"}"#, 400
      ),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "pollingOnly": "yes"}"#, 400),
      ("POST", "/v1/enroll", #"{"serial": "a", "factoryCertificate": "x"}"#, 400),
      ("POST", "/v1/enroll", #"{"serial": "a", "factoryCertificate": "x", "factorySignature": "AA=="}"#, 400),
      ("POST", "/v1/otp", "{}", 400),
      ("POST", "/v1/otp", #"{"deviceID": "00000000-0000-0000-0000-000000000000"}"#, 404),
      ("POST", "/v1/otp", #"{"deviceID": "00000000-0000-0000-0000-000000000000", "securityEpoch": -1}"#, 400),
      ("GET", "/v1/root-documents/0", nil, 400),
      ("GET", "/v1/root-documents/-1", nil, 400),
      ("GET", "/v1/root-documents/+1", nil, 400),
      ("GET", "/v1/root-documents/18446744073709551616", nil, 400),
      ("GET", "/v1/root-documents/1", nil, 404),
      ("PUT", "/v1/root-documents/1", "{}", 405),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "serials": ["a b"]}"#, 400),
      ("POST", "/v1/claims", #"{"count": 1, "lifetimeSeconds": 60, "group": "\#(long)"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": 1, "serial": "a"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": ""}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a b"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "\#(long)"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "a", "serial": "a", "device": "mine"}"#, 400),
      ("POST", "/v1/enroll", #"{"claim": "' or true --", "serial": "a"}"#, 403),
      ("POST", "/v1/enroll", #"{"claim": "\u0000", "serial": "a"}"#, 403),
      ("GET", "/v1/enroll", nil, 405),
      ("GET", "/nothing", nil, 404),
    ]
    try await withDoor { stage, door in
      for request in hostile {
        let answer = try await door.ask(request.method, request.path, request.body)
        let name = "\(request.method) \(request.path) \(request.body?.prefix(80) ?? "")"
        #expect(answer.status == request.status, "\(name): \(answer.fields)")
        if request.status >= 400 {
          #expect(answer.type == "application/problem+json", "\(name)")
          #expect(answer.fields["status"] as? Int == answer.status, "\(name)")
          #expect((answer.fields["detail"] as? String)?.isEmpty == false, "\(name)")
        }
      }
      #expect(try await door.ask("POST", "/v1/claims", "count=1", type: "text/plain").status == 415)
      #expect(stage.registry.callCount == 0)
      #expect(try await door.ask("GET", "/v1/claims").status == 200)
    }
  }

  @Test func theDescriptionNamesEveryRoute() async throws {
    try await withDoor { _, door in
      let answer = try await door.ask("GET", "/openapi.json")
      let paths = try #require(answer.fields["paths"] as? [String: Any])
      #expect(
        Set(paths.keys) == [
          "/v1/claims", "/v1/claims/{id}", "/v1/enroll", "/v1/otp", "/v1/root-documents/{version}", "/v1/ca", "/v1/crl",
          "/v1/renew", "/v1/devices/{id}/revoke", "/openapi.json",
        ])
    }
  }
}
