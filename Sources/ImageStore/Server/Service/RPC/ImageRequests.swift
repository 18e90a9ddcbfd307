import BlobStorage
import Foundations
import ImageStoreContract
import Messaging
import SwiftProtobuf
import Wire

import struct Foundation.Data

/// What the admin commands ask over the bus.
struct ImageRequests: Sendable {
  let blobs: any BlobStore

  func add(to router: inout RPCRouter) {
    router.handle(WireListImages.self) { request, _ in try await list(request) }
    router.handle(WireStatImage.self) { request, _ in try await stat(request) }
    router.handle(WireVerifyImage.self) { request, _ in try await verify(request) }
  }

  private func list(_ request: WireListImages) async throws -> WireListImagesResponse {
    let cursor = request.afterDigest.isEmpty ? nil : try Self.digest(request.afterDigest)
    let pageSize = request.pageSize == 0 ? ImageListing.standardPage : Int(request.pageSize)
    guard pageSize <= ImageListing.largestPage else {
      throw WireFailure(
        .invalid, reason: "invalid-page-size",
        message: "a page has at most \(ImageListing.largestPage) images: ask for less")
    }
    let page = try await Self.telling { try await blobs.list(after: cursor, limit: pageSize) }
    var response = WireListImagesResponse()
    response.images = page.map(Self.wire)
    // A full page may be the last one; the next is then empty.
    if page.count == pageSize, let last = page.last { response.nextAfterDigest = Data(last.digest.bytes) }
    return response
  }

  private func stat(_ request: WireStatImage) async throws -> WireStoredImage {
    let digest = try Self.digest(request.digest)
    let status = try await Self.telling { try await blobs.stat(digest) }
    guard let status else { throw Self.unknown(digest) }
    return Self.wire(status)
  }

  private func verify(_ request: WireVerifyImage) async throws -> WireVerifyImageResponse {
    let digest = try Self.digest(request.digest)
    let check = try await Self.telling { try await blobs.check(digest) }
    guard let check else { throw Self.unknown(digest) }
    var response = WireVerifyImageResponse()
    response.intact = check.actual == digest
    response.actualDigest = Data(check.actual.bytes)
    response.lengthBytes = check.lengthBytes
    return response
  }

  private static func wire(_ status: BlobStatus) -> WireStoredImage {
    var image = WireStoredImage()
    image.digest = Data(status.digest.bytes)
    image.lengthBytes = status.lengthBytes
    image.storedAt.seconds = status.storedAtSeconds
    image.storedAt.nanos = status.storedAtNanoseconds
    return image
  }

  private static func digest(_ bytes: Data) throws(WireFailure) -> SHA256Digest {
    guard let digest = SHA256Digest(bytes: bytes) else {
      throw WireFailure(
        .invalid, reason: "invalid-digest", message: "a digest has 32 bytes, and this has \(bytes.count)")
    }
    return digest
  }

  private static func unknown(_ digest: SHA256Digest) -> WireFailure {
    WireFailure(
      .notFound, reason: "unknown-image", message: "there is no image \(digest) in this store; upload it first")
  }

  /// Operators are told what the storage said.
  private static func telling<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as BlobStoreError {
      throw WireFailure(
        error == .closed ? .unavailable : .internal, reason: "storage-failed", message: error.description)
    }
  }
}
