import FirmwareImage
import Foundation
import HTTPTypes
package import Hummingbird
import NIOCore
import OpenSSL
package import ServiceHTTP
import ServiceKit
import Wire

/// What the authority answers over HTTP.
package struct AuthorityRoutes: Sendable {
  private let issuer: any CertificateIssuer
  private let feed: RevocationFeed
  private let renewal: CertificateRenewal
  private let revocation: DeviceRevocation
  private let texts = ListTexts()
  private static let pemType = "application/x-pem-file"
  private static let longestWaitSeconds = 30

  package init(
    issuer: any CertificateIssuer, feed: RevocationFeed, renewal: CertificateRenewal, revocation: DeviceRevocation
  ) {
    self.issuer = issuer
    self.feed = feed
    self.renewal = renewal
    self.revocation = revocation
  }

  package func add(to router: Router<HTTPContext>, access: AccessControl) {
    router.get("/v1/ca") { _, _ in
      Self.pem(try Authority.pem(feed.current?.roots ?? issuer.trustRoots))
    }
    router.get("/v1/crl") { request, _ in
      let query = try QueryParameters(request, known: ["wait"])
      let wait = try query.integer("wait", in: 0...Self.longestWaitSeconds, default: 0)
      return try await lists(known: request.headers[.ifNoneMatch], wait: .seconds(wait))
    }
    router.post("/v1/renew") { request, context in
      let device = try access.device(of: context)
      let body = try await request.decodeJSON(RenewDocument.self)
      let issued = try await renewal.renew(device, request: Array(body.certificateRequest))
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

  /// - Parameter known: the ETag that the client has: the number of the state in quotes.
  private func lists(known: String?, wait: Duration) async throws -> Response {
    let state = known.flatMap { UInt64($0.filter { $0 != "\"" }) }
    guard let snapshot = await feed.next(after: state ?? 0, atMost: state == nil ? .zero : wait) else {
      throw ProblemError.unavailable(
        reason: "revocations-unknown", detail: "the revocations are not read yet; try again")
    }
    let headers: HTTPFields = [.eTag: "\"\(snapshot.state)\"", .cacheControl: "no-cache"]
    if snapshot.state == state { return Response(status: .notModified, headers: headers) }
    return Self.pem(try texts.text(of: snapshot.lists), headers)
  }

  private static func pem(_ text: String) -> Response { pem(ByteBuffer(string: text), [:]) }

  private static func pem(_ text: ByteBuffer, _ headers: HTTPFields) -> Response {
    var headers = headers
    headers[.contentType] = pemType
    return Response(status: .ok, headers: headers, body: .shared(text))
  }

  private static func device(_ context: HTTPContext) throws -> DeviceID {
    guard let device = DeviceID(try context.parameter("id")) else {
      throw WireFailure.invalidField("id", "is not a UUID: devices are named like 8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6a")
    }
    return device
  }
}

/// The body of `POST /v1/renew`.
struct RenewDocument: Decodable, Sendable {
  /// PKCS#10 in DER.
  var certificateRequest: Data
}

/// The answer to `POST /v1/renew`.
struct RenewedDocument: Encodable, Sendable {
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
