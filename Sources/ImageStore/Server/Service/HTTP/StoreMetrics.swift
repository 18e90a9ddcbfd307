import BlobStorage
import Logging
import Metrics
import ServiceHTTP

/// The image store's own counters. Their handles are kept, as making one costs a look-up.
struct StoreMetrics: Sendable {
  private let storedImages = Counter(label: "image_store_stored_images_total")
  private let receivedBytes = Counter(label: "image_store_received_bytes_total")
  private let repeatedImages = Counter(label: "image_store_repeated_images_total")
  private let servedImages = Counter(label: "image_store_served_images_total")
  private let offeredBytes = Counter(label: "image_store_served_image_bytes_total")
  private let damagedReads = Counter(label: "image_store_damaged_reads_total")

  func received(_ blob: CommittedBlob) {
    (blob.isNew ? storedImages : repeatedImages).increment()
    receivedBytes.increment(by: Int64(clamping: blob.lengthBytes))
  }

  /// - Parameter reason: one of the fixed words of problem documents, so that they are few.
  func refused(_ reason: String) {
    Counter(label: "image_store_refused_uploads_total", dimensions: [("reason", reason)]).increment()
  }

  /// Counts an image that is about to be sent, whole or in part.
  func served(_ lengthBytes: UInt64) {
    servedImages.increment()
    offeredBytes.increment(by: Int64(clamping: lengthBytes))
  }

  /// Opens a blob; damage is counted, logged and told as a problem.
  func opening<Value>(_ logger: Logger, _ open: () async throws -> Value) async throws -> Value {
    do {
      return try await open()
    } catch let error as BlobStoreError {
      if case .corrupted = error { damagedReads.increment() }
      logger.error("an image can't be read", metadata: ["error": "\(error)"])
      throw ProblemError(image: error)
        ?? .unavailable(reason: "storage-failed", detail: "the image could not be read: try again")
    }
  }
}
