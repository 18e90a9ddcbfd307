import DeviceEnrolment
import DeviceProtocol
import FoundationEssentials
import Foundations
import HTTPTypes
import Hummingbird
import NIOCore
import OpenSSL
import ProvisionerDomain
import ProvisionerStorage
import ServiceHTTP

/// What devices ask for: an identity, a word on their OTP bank, and the documents that say whom to trust.
struct EnrolmentRoutes: Sendable {
  private struct OTPAnswer: Encodable {
    typealias CodingKeys = FuseAnswerMember

    var agrees: Bool
    var differences: [String]
  }

  private let enroller: Enroller
  private let otp: OTPStore
  private let anchors: RegistryTrustAnchors
  private let access: AccessControl
  private let isInsecure: Bool
  private let attempts = EnrolmentAttempts()

  /// - Parameter isInsecure: whether a device's word on who it is suffices.
  init(
    enroller: Enroller, otp: OTPStore, anchors: RegistryTrustAnchors, access: AccessControl, isInsecure: Bool
  ) {
    self.enroller = enroller
    self.otp = otp
    self.anchors = anchors
    self.access = access
    self.isInsecure = isInsecure
  }

  func add(to router: Router<HTTPContext>) {
    router.post(RouterPath(DeviceRoute.enrolment.rawValue)) { request, context in
      let body = try await request.decodeJSON(EnrollDocument.self)
      let hash = body.request.claim.isEmpty ? nil : try ClaimText.secret(of: body.request.claim).hash
      let identity = try await attempts.attempt(
        from: context.source, claim: hash.map { Hexadecimal.encode($0) },
        isGood: { try await enroller.isKnown(secretHash: hash ?? []) }
      ) { try await enroller.enroll(body.request) }
      return try Response.json(IdentityDocument(identity), headers: [.cacheControl: "no-store"])
    }
    router.post(RouterPath(DeviceRoute.fuses.rawValue)) { request, context in
      // Nothing of a body is read for nobody.
      if !isInsecure { _ = try access.device(of: context) }
      let report = try await request.decodeJSON(OTPBankReport.self)
      let differences = try await otp.record(report, of: device(report, context))
      return try Response.json(OTPAnswer(agrees: differences.isEmpty, differences: differences))
    }
    router.get(RouterPath(DeviceRoute.rootDocument.rawValue)) { request, context in
      let (_, document) = try await anchors.rootDocument(version: Self.version(context.parameter("version")))
      // A restored database may give a version out again, to another document.
      let tag = try "\"\(Hexadecimal.encode(SHA256.digest(of: document)))\""
      let headers: HTTPFields = [.cacheControl: "no-cache", .eTag: tag]
      if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
      var response = Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
      response.headers[.contentType] = "application/json"
      return response
    }
  }

  private func device(_ report: OTPBankReport, _ context: HTTPContext) throws -> DeviceID {
    if isInsecure, context.peer == nil {
      guard let device = report.deviceID.flatMap({ DeviceID($0) }) else {
        throw RequestFailure(
          field: "deviceID", "is missing or is not a UUID: without certificates it says who asks")
      }
      return device
    }
    return try access.device(of: context)
  }

  /// - Returns: 0 for the newest.
  private static func version(_ text: String) throws(RequestFailure) -> UInt64 {
    if text == "latest" { return 0 }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let version = UInt64(text),
      version > 0
    else {
      throw RequestFailure(field: "version", "is neither a whole number from 1 nor latest")
    }
    return version
  }
}
