import Authorization
import BlobStorage
import DeviceProtocol
import FirmwareAssignment
import FirmwareImage
import Foundations
import HTTPTypes
import Hummingbird
import ImageAdmission
import Logging
import NIOCore
import ServiceHTTP
import ServiceKit
import TextFormats
import Wire

import struct Foundation.Data

/// `/firmware/{device}`: give a device its next image, and fetch the images of its versions.
struct FirmwareImageRoutes: Sendable {
  /// How much longer than its wasm a whole image is.
  static let headerBytes = ImageHeader.byteCount

  let access: AccessControl
  let uploads: Uploads
  let catalog: FirmwareCatalog
  let publishers: PublisherCheck
  let responder: FirmwareResponder

  func add(to router: Router<HTTPContext>, maximumBodyBytes: Int) {
    router.group()
      .add(
        middleware: access.requiring(
          .deploy, action: "upload-firmware", isEffectNoted: true, target: { "device:\(try Self.device($0))" })
      )
      .add(middleware: BodyLimit(maximumBytes: maximumBodyBytes))
      .add(middleware: FirmwareProblems())
      .post("/firmware/:device") { request, context in
        let steps = StepClock(began: context.received)
        defer { steps.recordSpans() }
        return try await StepClock.$current.withValue(steps) { try await assign(request, context) }
      }
    router.group().add(middleware: access.requiringReader(orDevice: { try Self.device($0) }))
      .add(middleware: FirmwareProblems())
      .get("/firmware/:device/:version") { request, context in try await fetch(request, context) }
  }

  private struct Assigned: Encodable {
    let device: String
    let version: UInt64
    let digest: String
    /// The size of the whole image, as it is fetched, in bytes.
    let size: UInt64
    /// What the app's developer should know, though devices run it.
    let warnings: [String]?
  }

  private func assign(_ request: Request, _ context: HTTPContext) async throws -> Response {
    StepClock.note("token-checked")
    let device = try Self.device(context)
    let headers = try UploadHeaders(request.headers)
    try await catalog.requireDevice(device)
    try await publishers.check(headers.statement)
    StepClock.note("device-checked")
    let order = FirmwareCatalog.Order(
      device: device, key: headers.idempotencyKey, requester: context.wireRequester,
      token: context.presentedToken?.text ?? "")
    // What would be refused is refused before anything of it is kept.
    let use = ModuleUse(
      admit: { module in
        let app = try publishers.signed(ReceivedApp(module, headers.statement))
        try await publishers.check(app)
        try await catalog.check(app.wire, order)
        StepClock.note("assignment-checked")
      },
      begin: { received in
        StepClock.note("stored")
        return try await give(
          received, publishers.signed(ReceivedApp(received.module, headers.statement)), order, context)
      },
      isFinal: { (($0 as? FirmwareError).map { ProblemError($0) } ?? $0 as? ProblemError)?.isFinal ?? false })
    return try await uploads.receive(request, as: .firmware(device), context, use: use)
  }

  /// Makes what is stored the device's next version.
  private func give(
    _ received: ImageIntake.Received, _ app: ReceivedApp, _ order: FirmwareCatalog.Order, _ context: HTTPContext
  ) async throws -> Response {
    let firmware = try await catalog.assign(app.wire, order)
    context.logger.info(
      "image assigned",
      metadata: [
        "device": "\(order.device)", "version": "\(firmware.version)", "digest": "\(firmware.digest)",
        "bytes": "\(received.blob.lengthBytes)",
      ])
    let answer = Assigned(
      device: order.device.description, version: firmware.version, digest: firmware.digest.description,
      size: received.blob.lengthBytes + UInt64(ImageHeader.byteCount), warnings: received.module.warnings)
    return try .json(
      answer, status: .created,
      headers: [.location: firmware.address.path, UploadHeaders.idempotencyKey: order.key])
  }

  private func fetch(_ request: Request, _ context: HTTPContext) async throws -> Response {
    let device = try Self.device(context)
    let text = try context.parameter("version")
    let version = try Self.version(text)
    let firmware = try await catalog.find(device, version: version)
    // A version stays what it is, unless the Registry's database is restored from a backup and gives its number out
    // again: whoever kept an image asks by its entity tag whether it is still that.
    return try await responder.respond(request, context, with: firmware, cacheControl: "private, no-cache")
  }

  private static func device(_ context: HTTPContext) throws -> DeviceID {
    let text = try context.parameter("device")
    guard let device = DeviceID(text) else {
      throw ProblemError(
        .badRequest, reason: "invalid-device-id",
        detail: "a device's ID is a UUID, for example 01234567-89ab-cdef-0123-456789abcdef")
    }
    return device
  }

  /// The version in a path; nil for `latest`.
  private static func version(_ text: String) throws -> UInt64? {
    if text == "latest" { return nil }
    guard let version = UInt64(text), version > 0, text == String(version) else {
      throw ProblemError(
        .badRequest, reason: "invalid-version", detail: "a version is a number from 1, or the word latest")
    }
    return version
  }
}

extension ProblemError {
  /// Whether the same request would be refused again.
  fileprivate var isFinal: Bool {
    document.status.kind == .clientError
      && ![.requestTimeout, .tooEarly, .tooManyRequests].contains(document.status)
  }
}
