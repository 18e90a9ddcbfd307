import Foundations
import ProvisionerDomain
import ServiceHTTP
import ServiceKit

/// Bounds how often an address, or a claim, may try to enrol in vain.
///
/// Who has a good claim is let in however often others fail from the same address, which many boards behind one router
/// share, or with the same claim.
struct EnrolmentAttempts: Sendable {
  private let addresses: AttemptLimiter
  private let claims: AttemptLimiter

  /// - Parameter limit: how many may fail in a minute.
  init(limit: Int = 20) {
    addresses = AttemptLimiter(attempts: limit, window: .seconds(60))
    claims = AttemptLimiter(attempts: limit, window: .seconds(60))
  }

  /// Runs one attempt.
  ///
  /// - Parameters:
  ///   - claim: what tells it from others; nil for an attempt without a claim.
  ///   - isGood: whether the claim is one that may let devices in. Asked when the address has failed too often.
  /// - Throws: what the attempt throws, or 429 in its place.
  func attempt<Answer: Sendable>(
    from address: String, claim: String?, isGood: () async throws -> Bool, _ body: () async throws -> Answer
  ) async throws -> Answer {
    if claim != nil, let wait = addresses.wait(of: address), try await !isGood() {
      throw ProblemError.tooManyAttempts(wait)
    }
    do {
      return try await body()
    } catch let failure as RequestFailure where Self.isRefusal(failure) {
      // What was refused for what the address tried, or for what was tried with the claim.
      let waits = [addresses.wait(of: address), claim.flatMap { claims.wait(of: $0) }].compactMap { $0 }
      addresses.failed(address)
      if let claim, failure.reason != RequestFailure.claimRefused.reason { claims.failed(claim) }
      if let wait = waits.max() { throw ProblemError.tooManyAttempts(wait) }
      throw failure
    }
  }

  private static func isRefusal(_ failure: RequestFailure) -> Bool {
    switch failure.code {
    case .permissionDenied, .conflict, .invalid: true
    default: false
    }
  }
}
