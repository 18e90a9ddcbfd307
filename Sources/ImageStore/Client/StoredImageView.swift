package import Foundation
package import Foundations
import ImageStoreContract
package import Messaging
import SwiftProtobuf
import TextFormats
import Wire

/// A stored image as the commands show it: the `digest` of the wasm in hexadecimal digits, its `size` in bytes, and
/// when it was stored (`storedAt`).
package struct StoredImageView: Encodable, Sendable {
  package let digest: String
  package let size: UInt64
  package let storedAt: Date

  /// How long ago it was stored, for people.
  package var age: String { HumanText.ago(storedAt) }

  private init(_ image: WireStoredImage) {
    digest = SHA256Digest(bytes: image.digest)?.description ?? "?"
    size = image.lengthBytes
    storedAt = image.storedAt.date
  }

  /// The images of a store by digest, page by page.
  ///
  /// - Parameter limit: how many at most; nil for all.
  package static func list(
    _ client: any RPCCaller, limit: Int?, deadline: Duration
  ) async throws -> (images: [StoredImageView], hasMore: Bool) {
    var images: [StoredImageView] = []
    var request = WireListImages()
    repeat {
      let wanted = min(limit.map { $0 - images.count } ?? .max, ImageListing.largestPage)
      if wanted <= 0 { return (images, true) }
      request.pageSize = UInt32(wanted)
      let page = try await client.call(request, deadline: deadline)
      images += page.images.map(StoredImageView.init)
      request.afterDigest = page.nextAfterDigest
    } while !request.afterDigest.isEmpty
    return (images, false)
  }

  /// The digests of all images of a store.
  package static func digests(_ client: any RPCCaller, deadline: Duration) async throws -> [SHA256Digest] {
    try await list(client, limit: nil, deadline: deadline).images.compactMap { SHA256Digest($0.digest) }
  }

  /// One image of a store by its digest.
  package static func one(
    _ digest: SHA256Digest, _ client: any RPCCaller, deadline: Duration
  ) async throws -> StoredImageView {
    var request = WireStatImage()
    request.digest = Data(digest.bytes)
    return StoredImageView(try await client.call(request, deadline: deadline))
  }
}

/// What reading an image again found: `digest` is the one that was asked for, `size` what is stored, in bytes.
package struct ImageVerdictView: Encodable, Sendable {
  package let digest: String
  /// Whether what is stored has that digest.
  package let intact: Bool
  /// The digest of what is stored.
  package let actual: String
  package let size: UInt64

  /// Lets the store read an image again, whatever it remembers of it.
  package static func verify(
    _ digest: SHA256Digest, _ client: any RPCCaller, deadline: Duration
  ) async throws -> ImageVerdictView {
    var request = WireVerifyImage()
    request.digest = Data(digest.bytes)
    let answer = try await client.call(request, deadline: deadline)
    return ImageVerdictView(
      digest: digest.description, intact: answer.intact,
      actual: SHA256Digest(bytes: answer.actualDigest)?.description ?? "?", size: answer.lengthBytes)
  }
}
