import Curl
import DeviceCertificates
import DeviceEnrolment
import Foundation
import Logging
import Messaging
import PostgreSQL
import ProvisionerStorage
import ServiceHTTP
import ServiceKit

/// What deals with claims and enrolment, put together.
struct EnrolmentParts: Sendable {
  let claims: ClaimStore
  let factories: FactoryStore
  let enroller: Enroller
  let rpc: ProvisionerRPC
  let claimRoutes: ClaimRoutes
  let enrolmentRoutes: EnrolmentRoutes

  /// - Parameters:
  ///   - issuer: nil only where devices may do without certificates.
  ///   - endpoints: the settings' own, with what was worked out from others.
  init(
    _ settings: ProvisionerSettings, endpoints: DeviceEndpoints, isInsecure: Bool, pool: PostgresPool,
    registry: any RPCCaller, issuer: (any CertificateIssuer)?, access: AccessControl, logger: Logger
  ) throws {
    claims = ClaimStore(pool: pool)
    let store = EnrolmentStore(pool: pool)
    factories = FactoryStore(pool: pool)
    let anchors = RegistryTrustAnchors(registry: registry, isInsecure: isInsecure)
    let texts = ClaimTexts(issuer: issuer)
    enroller = Enroller(
      store: store, factories: factories, registry: registry, anchors: anchors, issuer: issuer,
      webhook: try settings.webhook.map { try Self.webhook($0, logger) },
      options: Enroller.Options(
        endpoints: endpoints, isPublisherSignatureRequired: settings.isPublisherSignatureRequired,
        isInsecure: isInsecure),
      logger: logger)
    rpc = ProvisionerRPC(
      claims: claims, claimTexts: texts, enroller: enroller, devices: DeviceStore(pool: pool), factories: factories,
      enrolments: store, audit: OperatorAudit(registry: registry))
    claimRoutes = ClaimRoutes(claims: claims, texts: texts, access: access)
    enrolmentRoutes = EnrolmentRoutes(
      enroller: enroller, otp: OTPStore(pool: pool, logger: logger), anchors: anchors, access: access,
      isInsecure: isInsecure)
  }

  private static func webhook(
    _ settings: ProvisionerSettings.Webhook, _ logger: Logger
  ) throws -> EnrolmentWebhook {
    var tls = HTTPTLS.system
    if let caFile = settings.caFile { tls = HTTPTLS(caFile: caFile) }
    var secret: [UInt8]?
    if let path = settings.secretFile {
      guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }) else {
        throw AdminError(
          "can't read the webhook's secret from \(path): check path and permissions", status: .configuration)
      }
      // As an editor leaves it.
      secret = Array(text.trimmingCharacters(in: .newlines).utf8)
      guard secret?.isEmpty == false else {
        throw AdminError("the webhook's secret in \(path) is empty: write one into it", status: .configuration)
      }
    }
    return EnrolmentWebhook(
      url: settings.url, secret: secret, http: HTTPClient(HTTPClient.Configuration(tls: tls)), logger: logger)
  }
}
