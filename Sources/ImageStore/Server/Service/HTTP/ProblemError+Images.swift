import BlobStorage
import FirmwareAssignment
import FirmwareImage
import Foundations
import HTTPTypes
import ImageAdmission
import ServiceHTTP
import WebAssemblyModule

extension ProblemError {
  /// What a client is told of an image that was refused or could not be stored or read; nil for
  /// errors of another kind.
  init?(image error: any Error) {
    switch error {
    case let error as ImageFormatError: self.init(error)
    case let error as ImageIntakeError: self.init(error)
    case let error as BlobStoreError: self.init(error)
    case let error as FirmwareError: self.init(error)
    case let error as DebugModule.Unusable:
      self.init(.unprocessableContent, reason: error.reason, detail: error.description)
    case let error as AppProblem:
      let imports = error.missingImports
      self.init(
        .unprocessableContent, reason: error.reason, detail: "no device can run this: \(error)",
        members: imports.isEmpty ? [:] : ["imports": .texts(imports)])
    default: return nil
    }
  }

  private init(_ error: ImageFormatError) {
    let status: HTTPResponse.Status =
      switch error {
      case .webAssembly(.notWebAssembly), .webAssembly(.component), .webAssembly(.unsupportedVersion):
        .unsupportedMediaType
      case .tooLarge: .contentTooLarge
      case .unreadable, .cryptography: .internalServerError
      default: .unprocessableContent
      }
    self.init(status, reason: error.reason, detail: error.description)
  }

  private init(_ error: ImageIntakeError) {
    switch error {
    case .bodyCutShort(let declared, let received):
      self.init(
        .badRequest, reason: "body-cut-short",
        detail: "Content-Length says \(declared) bytes, and \(received) came: send the image again")
    case .codeCheckTooSlow:
      self = .unavailable(
        reason: "code-check-slow", detail: "the module's code could not be checked in time: send the image again")
    case .tooLarge(let limit):
      self.init(
        .contentTooLarge, reason: "body-too-large",
        detail: "the WebAssembly module has more than \(limit) bytes, the limit of this image store: make it smaller",
        members: ["maximumBytes": .number(Int(clamping: limit))])
    }
  }

  private init(_ error: BlobStoreError) {
    switch error {
    case .full:
      self.init(
        HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), reason: "storage-full",
        detail: "the image store's disk is full, and nothing was stored: free space on it, then send the image again")
    case .corrupted(let digest, _):
      self.init(
        .internalServerError, reason: "image-corrupted",
        detail: "what is stored as \(digest) is damaged and is not served: upload the image again to repair it",
        members: ["digest": .text(digest.description)])
    case .digestMismatch:
      self.init(.unprocessableContent, reason: "digest-mismatch", detail: error.description)
    case .failed:
      // The cause names paths, which are for the log alone.
      self.init(
        .internalServerError, reason: "storage-failed",
        detail: "the image store could not read or write its storage: its log says why")
    case .unsettled:
      self = .unavailable(
        reason: "image-unsettled", detail: "another upload of the same bytes is not finished yet: send them again")
    case .closed:
      self = .unavailable(reason: "shutting-down", detail: "the image store is shutting down; try again")
    }
  }
}
