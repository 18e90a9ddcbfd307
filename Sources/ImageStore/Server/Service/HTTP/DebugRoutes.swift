import Authorization
import BlobStorage
import Foundations
import HTTPTypes
import Hummingbird
import ImageAdmission
import ServiceHTTP
import WebAssemblyModule

/// `/debug/{build-id}`: the unstripped modules of apps, to tell where in the sources a crash was.
struct DebugRoutes: Sendable {
  let access: AccessControl
  let uploads: Uploads
  let blobs: any BlobStore
  let index: any DebugIndex
  let metrics: StoreMetrics
  let responder: BlobResponder

  func add(to router: Router<HTTPContext>, maximumBodyBytes: Int) {
    router.group()
      .add(
        middleware: access.requiring(.deploy, action: "store-debug-module", target: { "build:\(try Self.buildID($0))" })
      )
      .add(middleware: BodyLimit(maximumBytes: maximumBodyBytes))
      .put("/debug/:buildID") { request, context in try await store(request, context) }
    router.group().add(middleware: access.requiring(.read)).get("/debug/:buildID") { request, context in
      try await fetch(request, context)
    }
  }

  private struct Stored: Encodable {
    let buildID: String
    let digest: String
    let size: UInt64
  }

  /// 201 if it is new, 200 if it was there already.
  private func store(_ request: Request, _ context: HTTPContext) async throws -> Response {
    let buildID = try Self.buildID(context)
    let known = try await metrics.opening(context.logger) { try await index.digest(of: buildID) }
    let received: ImageIntake.Received
    do {
      received = try await uploads.receive(request, as: .debug(buildID, stored: known), context)
    } catch let problem as ProblemError where problem.document.reason == "digest-mismatch" {
      throw Self.conflict(buildID)
    }
    let digest = received.blob.digest
    let entered = try await metrics.opening(context.logger) { try await index.enter(digest, for: buildID) }
    guard entered == digest else { throw Self.conflict(buildID) }
    return try .json(
      Stored(buildID: "\(buildID)", digest: "\(digest)", size: received.blob.lengthBytes),
      status: known == nil ? .created : .ok, headers: [.location: "/debug/\(buildID)"])
  }

  private func fetch(_ request: Request, _ context: HTTPContext) async throws -> Response {
    let buildID = try Self.buildID(context)
    guard let blob = try await metrics.opening(context.logger, { try await module(of: buildID) }) else {
      throw ProblemError(
        .notFound, reason: "unknown-debug-module",
        detail: "there is no debug module of build \(buildID) here: push the app's unstripped .wasm with "
          + "xtblish-image-store push --debug FILE",
        members: ["buildID": .text("\(buildID)")])
    }
    metrics.served(blob.lengthBytes)
    return try responder.respond(
      request, context,
      BlobRepresentation(
        blob: blob, entityTag: "\"\(blob.digest.hex)\"",
        headers: [.contentType: "application/wasm", .cacheControl: "private, no-cache"]))
  }

  private func module(of buildID: BuildID) async throws -> (any Blob)? {
    guard let digest = try await index.digest(of: buildID) else { return nil }
    return try await blobs.open(digest)
  }

  private static func conflict(_ buildID: BuildID) -> ProblemError {
    let error = DebugModule.Unusable.differs(buildID)
    return ProblemError(.conflict, reason: error.reason, detail: error.description)
  }

  private static func buildID(_ context: HTTPContext) throws -> BuildID {
    guard let buildID = BuildID(try context.parameter("buildID")) else {
      throw ProblemError(
        .badRequest, reason: "invalid-build-id",
        detail: "a build ID is the content of a module's build_id section in hexadecimal digits, at most "
          + "\(WebAssemblyChecker.buildIDLimitBytes) bytes")
    }
    return buildID
  }
}
