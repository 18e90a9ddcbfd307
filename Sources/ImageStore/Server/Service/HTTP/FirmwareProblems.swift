import FirmwareAssignment
import FirmwareImage
import Foundations
import HTTPTypes
import Hummingbird
import ServiceHTTP
import Wire

extension ProblemError {
  /// What a client is told of firmware that it can't give or fetch.
  init(_ error: FirmwareError) {
    switch error {
    case .unknownDevice(let device):
      self.init(
        .notFound, reason: "unknown-device",
        detail: "there is no device \(device): check the ID, or create the device first",
        members: ["device": .text(device.description)])
    case .refused(let failure): self.init(refusal: failure)
    case .registryUnavailable(let failure):
      self.init(
        unavailable: failure, reason: "registry-unavailable",
        detail: "the Registry did not answer: try again (\(failure.message))")
    case .assignmentUnknown(let failure, let key, let digest):
      self.init(
        unavailable: failure, reason: "registry-unavailable",
        detail: "the image is stored, but the Registry did not answer, so it may not be assigned: send it again "
          + "with the same Idempotency-Key, which is safe whether it was or not (\(failure.message))",
        members: ["idempotencyKey": .text(key), "digest": .text(digest?.description ?? "")])
    case .publishersUnknown(let failure):
      self.init(
        unavailable: failure, reason: "registry-unavailable",
        detail: "the Registry did not say which publishers are trusted: try again (\(failure.message))")
    case .noRootDocument(let words): self.init(.conflict, reason: "no-root-document", detail: words)
    case .provisionerUnavailable(let failure):
      self.init(
        unavailable: failure, reason: "provisioner-unavailable", detail: "the Provisioner did not answer: try again")
    case .labelRefused(let error): self.init(.unprocessableContent, reason: error.reason, detail: "\(error)")
    case .publisherRefused(let error):
      self.init(.unprocessableContent, reason: error.reason, detail: error.description + error.advice)
    case .signatureWrong(let app):
      self.init(
        .unprocessableContent, reason: "publisher-signature-wrong",
        detail: "X-Publisher-Signature is not X-Publisher-Key's signature of this app: digest \(app.wasmDigest), "
          + "\(app.wasmLength) bytes, security epoch \(app.securityEpoch), host API level \(app.hostAPILevel), "
          + "name '\(app.name)', version '\(app.version)'; sign exactly these")
    }
  }

  /// A refusal of another service that is the client's to know.
  private init(refusal failure: WireFailure) {
    let status: HTTPResponse.Status =
      switch failure.code {
      case .invalid: .unprocessableContent
      case .notFound: .notFound
      case .conflict: .conflict
      case .permissionDenied: .forbidden
      case .unavailable: .serviceUnavailable
      default: .badGateway
      }
    self.init(status, reason: failure.reason, detail: failure.message)
  }

  private init(
    unavailable failure: WireFailure, reason: String, detail: String,
    members: [String: ProblemDocument.Member] = [:]
  ) {
    let seconds = max(1, (Int(failure.retryAfterMilliseconds) + 999) / 1_000)
    self.init(
      .serviceUnavailable, reason: reason, detail: detail, headers: [.retryAfter: "\(seconds)"], members: members)
  }
}

/// Turns a `FirmwareError` of the routes that it is added to into a problem document, before it is noted what became of
/// the request.
struct FirmwareProblems: RouterMiddleware {
  typealias Context = HTTPContext

  func handle(
    _ request: Request, context: HTTPContext, next: (Request, HTTPContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as FirmwareError {
      throw ProblemError(error)
    }
  }
}
