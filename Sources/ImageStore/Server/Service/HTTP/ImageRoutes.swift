import Authorization
import BlobStorage
import Foundations
import HTTPTypes
import Hummingbird
import ImageAdmission
import ServiceHTTP

import struct Foundation.Data

/// `/images/{digest}`: WebAssembly modules by their digest.
struct ImageRoutes: Sendable {
  private static let reprDigest = HTTPField.Name("Repr-Digest")!

  let access: AccessControl
  let uploads: Uploads
  let blobs: any BlobStore
  let metrics: StoreMetrics
  let responder: BlobResponder

  func add(to router: Router<HTTPContext>, maximumBodyBytes: Int) {
    router.group()
      .add(middleware: access.requiring(.deploy, action: "store-image", target: { "image:\(try Self.digest($0))" }))
      .add(middleware: BodyLimit(maximumBytes: maximumBodyBytes))
      .put("/images/:digest") { request, context in try await store(request, context) }
    router.group().add(middleware: access.requiring(.read)).get("/images/:digest") { request, context in
      try await fetch(request, context)
    }
  }

  private struct Stored: Encodable {
    let digest: String
    let size: UInt64
    /// What the app's developer should know, though devices run it.
    let warnings: [String]?
  }

  /// 201 if it is new, 200 if it was there already.
  private func store(_ request: Request, _ context: HTTPContext) async throws -> Response {
    let digest = try Self.digest(context)
    let received = try await uploads.receive(request, as: .wasm(digest), context)
    let answer = Stored(
      digest: digest.description, size: received.blob.lengthBytes, warnings: received.module.warnings)
    return try .json(
      answer, status: received.blob.isNew ? .created : .ok, headers: [.location: "/images/\(digest)"])
  }

  private func fetch(_ request: Request, _ context: HTTPContext) async throws -> Response {
    let digest = try Self.digest(context)
    let blob = try await metrics.opening(context.logger) { try await blobs.open(digest) }
    guard let blob else {
      throw ProblemError(
        .notFound, reason: "unknown-image", detail: "there is no image \(digest) here: upload it first",
        members: ["digest": .text(digest.description)])
    }
    metrics.served(blob.lengthBytes)
    return try responder.respond(
      request, context,
      BlobRepresentation(
        blob: blob, entityTag: "\"\(digest.hex)\"",
        headers: [
          .contentType: "application/wasm",
          .cacheControl: "private, max-age=31536000, immutable",
          // RFC 9530.
          Self.reprDigest: "sha-256=:\(Data(digest.bytes).base64EncodedString()):",
        ]))
  }

  private static func digest(_ context: HTTPContext) throws -> SHA256Digest {
    guard let digest = SHA256Digest(try context.parameter("digest")) else {
      throw ProblemError(
        .badRequest, reason: "invalid-digest",
        detail: "an image's digest is sha256: and the 64 hexadecimal digits of its SHA-256")
    }
    return digest
  }
}
