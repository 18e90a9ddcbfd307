import Authorization
import CertificateAuthority
import DeviceCertificates
import DeviceProtocol
import Foundation
import Foundations
import HTTPTypes
import Hummingbird
import NIOCore
import OpenSSL
import ServiceHTTP

/// What the authority answers over HTTP.
struct AuthorityRoutes: Sendable {
  private let issuer: any CertificateIssuer
  private let feed: RevocationFeed
  private let renewal: DeviceCertificateRenewal
  private let revocation: DeviceRevocation
  private static let pemType = "application/x-pem-file"
  private static let longestWaitSeconds = 30

  init(
    issuer: any CertificateIssuer, feed: RevocationFeed, renewal: DeviceCertificateRenewal, revocation: DeviceRevocation
  ) {
    self.issuer = issuer
    self.feed = feed
    self.renewal = renewal
    self.revocation = revocation
  }

  /// Adds the routes; `access` says who may use which.
  func add(to router: Router<HTTPContext>, access: AccessControl) {
    router.get(RouterPath(DeviceRoute.trustRoots.rawValue)) { _, _ in
      // After the roots what leads from each to the one before it: who knows the first alone can follow to the last.
      Self.pem(try Authority.pem((feed.current?.roots ?? issuer.trustRoots) + issuer.crossCertificates))
    }
    router.get("/v1/crl") { request, context in
      let query = try QueryParameters(request, known: ["wait", "since"])
      let wait = try query.integer("wait", in: 0...Self.longestWaitSeconds, default: 0)
      return try await context.givingWay {
        try await lists(known: request.headers[.ifNoneMatch], since: query["since"], wait: .seconds(wait))
      }
    }
    router.post(RouterPath(DeviceRoute.renewal.rawValue)) { request, context in
      let device = try access.device(of: context)
      let body = try await request.decodeJSON(RenewDocument.self)
      let issued = try await renewal.renew(
        device, showing: context.peerKeyHash, request: Array(body.certificateRequest))
      return try Response.json(
        RenewedDocument(
          certificateChain: issued.chain, trustRoots: Authority.pem(issuer.trustRoots),
          notAfter: issued.certificate.notAfter),
        headers: [.cacheControl: "no-store"])
    }
    router.group().add(
      middleware: access.requiring(.admin, action: "revoke-device") { try "device:\(Self.device($0))" }
    ).post("/v1/devices/{id}/revoke") { request, context in
      let body = try await request.decodeJSON(RevokeDocument.self)
      let isNew = try await revocation.revoke(
        Self.device(context), reason: body.reason ?? "", requester: context.principal.name)
      return try Response.json(["revoked": isNew])
    }
  }

  /// - Parameters:
  ///   - known: the ETag that the client has.
  ///   - since: one as well, after whose state the lists are wanted. They are all given if it is not known any more.
  private func lists(known: String?, since: String?, wait: Duration) async throws -> Response {
    let known = known.map { $0.filter { $0 != "\"" } }
    guard let snapshot = await feed.next(unless: { $0.tag == known }, atMost: known == nil ? .zero : wait) else {
      throw ProblemError.unavailable(
        reason: "revocations-unknown", detail: "the revocations are not read yet; try again")
    }
    var headers: HTTPFields = [.eTag: "\"\(snapshot.tag)\"", .cacheControl: "no-cache"]
    if snapshot.tag == known { return Response(status: .notModified, headers: headers) }
    if let since, let newer = snapshot.lists(since: since) {
      headers[.deltaBase] = "\"\(since)\""
      var text = ""
      for list in newer { text += try list.pem }
      return Self.pem(ByteBuffer(string: text), headers)
    }
    return Self.pem(try feed.text(of: snapshot), headers)
  }

  private static func pem(_ text: String) -> Response { pem(ByteBuffer(string: text), [:]) }

  private static func pem(_ text: ByteBuffer, _ headers: HTTPFields) -> Response {
    var headers = headers
    headers[.contentType] = pemType
    return Response(status: .ok, headers: headers, body: .shared(text))
  }

  private static func device(_ context: HTTPContext) throws -> DeviceID {
    guard let device = DeviceID(try context.parameter("id")) else {
      throw RequestFailure(
        field: "id", "is not a UUID: devices are named like 8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6a")
    }
    return device
  }
}

extension HTTPField.Name {
  /// RFC 3229: the state that the body is the difference to.
  fileprivate static var deltaBase: HTTPField.Name { HTTPField.Name("Delta-Base")! }
}

/// The body of `POST /v1/renew`.
struct RenewDocument: Decodable, Sendable {
  typealias CodingKeys = RenewalRequestMember

  /// PKCS#10 in DER.
  var certificateRequest: Data
}

/// The answer to `POST /v1/renew`.
struct RenewedDocument: Encodable, Sendable {
  typealias CodingKeys = RenewalAnswerMember

  /// PEM: the certificate, and what is presented with it.
  var certificateChain: String
  /// PEM.
  var trustRoots: String
  var notAfter: Date
}

/// The body of `POST /v1/devices/{id}/revoke`.
struct RevokeDocument: Decodable, Sendable {
  var reason: String?
}
