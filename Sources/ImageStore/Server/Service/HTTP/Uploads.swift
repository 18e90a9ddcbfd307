import Authorization
import BlobStorage
import Hummingbird
import ImageAdmission
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
    try await receive(request, as: expectation, context, use: .storing)
  }

  func receive<Outcome>(
    _ request: Request, as expectation: ImageIntake.Expectation, _ context: HTTPContext, use: ModuleUse<Outcome>
  ) async throws -> Outcome {
    do {
      // Where nobody is asked who they are, addresses are told apart.
      let owner = context.principal.name == Principal.anonymous.name ? context.source : context.principal.name
      let received = try await slots.withSlot(of: owner) {
        try await intake.receive(
          request.body, as: expectation, declaredBytes: request.declaredBodyBytes,
          use: use.noting { metrics.received($0.blob) })
      }
      guard let received else {
        metrics.refused("too-many-uploads")
        throw ProblemError.unavailable(
          reason: "too-many-uploads",
          detail: "\(slots.inUse) of \(slots.capacity) uploads are under way, and the rest is for others: try again")
      }
      return received
    } catch {
      guard let problem = ProblemError(image: error) else {
        if let refusal = error as? ProblemError { metrics.refused(refusal.document.reason) }
        throw error
      }
      metrics.refused(problem.document.reason)
      if error is BlobStoreError {
        context.logger.error("an upload could not be stored", metadata: ["error": "\(error)"])
      }
      throw problem
    }
  }
}
