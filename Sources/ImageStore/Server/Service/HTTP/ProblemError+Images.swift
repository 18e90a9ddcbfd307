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
        .unprocessableContent, reason: error.reason, detail: "No device can run this: \(error).",
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
        detail: "Content-Length says \(declared) bytes, and \(received) came. Send the image again.")
    case .codeCheckTooSlow:
      self = .unavailable(
        reason: "code-check-slow", detail: "The module's code could not be checked in time. Send the image again.")
    case .tooLarge(let limit):
      self.init(
        .contentTooLarge, reason: "body-too-large",
        detail: "The WebAssembly module has more than \(limit) bytes, the limit of this image store. Make it smaller.",
        members: ["maximumBytes": .number(Int(clamping: limit))])
    }
  }

  private init(_ error: BlobStoreError) {
    switch error {
    case .full:
      self.init(
        HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), reason: "storage-full",
        detail: "The image store's disk is full, and nothing was stored. Free space on it, then send the image again.")
    case .corrupted(let digest, _):
      self.init(
        .internalServerError, reason: "image-corrupted",
        detail: "What is stored as \(digest) is damaged and is not served. Upload the image again to repair it.",
        members: ["digest": .text(digest.description)])
    case .digestMismatch:
      self.init(.unprocessableContent, reason: "digest-mismatch", detail: error.description)
    case .failed:
      // The cause names paths, which are for the log alone.
      self.init(
        .internalServerError, reason: "storage-failed",
        detail: "The image store could not read or write its storage. Its log says why.")
    case .unsettled:
      self = .unavailable(
        reason: "image-unsettled", detail: "Another upload of the same bytes is not finished yet. Send them again.")
    case .closed:
      self = .unavailable(reason: "shutting-down", detail: "The image store is shutting down; try again.")
    }
  }
}
