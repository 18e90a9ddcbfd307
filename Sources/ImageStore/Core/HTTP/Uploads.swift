import Hummingbird
import Logging
import ServiceHTTP

/// Receives the bodies of uploads, a bounded number at once, and turns what is wrong with them into
/// problem documents.
struct Uploads: Sendable {
  let intake: ImageIntake
  let slots: UploadSlots
  let metrics: StoreMetrics

  func receive(
    _ request: Request, as expectation: ImageIntake.Expectation, _ context: HTTPContext
  ) async throws -> ImageIntake.Received {
    do {
      let received = try await slots.withSlot {
        try await intake.receive(request.body, as: expectation, declaredBytes: request.declaredBodyBytes)
      }
      guard let received else {
        metrics.refused("too-many-uploads")
        throw ProblemError.unavailable(
          reason: "too-many-uploads",
          detail: "\(slots.capacity) uploads are under way, as many as this image store takes. Try again.")
      }
      metrics.received(received.blob)
      return received
    } catch {
      guard let problem = ProblemError(image: error) else { throw error }
      metrics.refused(problem.document.reason)
      if error is BlobStoreError {
        context.logger.error("an upload could not be stored", metadata: ["error": "\(error)"])
      }
      throw problem
    }
  }
}
