import BlobStorage
import DeviceProtocol
import FirmwareAssignment
import FirmwareImage
import Foundations
import HTTPTypes
import Hummingbird
import ServiceHTTP

/// Answers with the whole image of a version: its header, made for the device, and its wasm.
struct FirmwareResponder: Sendable {
  let blobs: any BlobStore
  let hashes: ImageHashes
  let metrics: StoreMetrics
  let responder: BlobResponder

  /// - Parameter cacheControl: what the answer's header of that name says.
  func respond(
    _ request: Request, _ context: HTTPContext, with firmware: AssignedFirmware, cacheControl: String
  ) async throws -> Response {
    let blob = try await metrics.opening(context.logger) { try await blobs.open(firmware.digest) }
    guard let blob else {
      throw ProblemError(
        .notFound, reason: "image-missing",
        detail: "version \(firmware.version) of device \(firmware.device) is the image \(firmware.digest), which is "
          + "not in this store: check that all image stores share one directory, or upload the image again",
        members: ["digest": .text(firmware.digest.description)])
    }
    let hash = try await metrics.opening(context.logger) { try await hashes.hash(of: firmware, blob) }
    let header = ImageHeader(hash: hash, configuration: firmware.configuration)
    let representation = BlobRepresentation(
      prefix: header.encoded(), blob: blob, entityTag: "\"\(hash.hex)\"",
      headers: [
        .contentType: "application/octet-stream", .contentLocation: firmware.address.path, .cacheControl: cacheControl,
      ])
    metrics.served(representation.lengthBytes)
    return try responder.respond(request, context, representation)
  }
}
