package import Foundations
package import Messaging
import RegistryDomain
import Synchronization
import Wire

/// Bounds how much each service may write into the audit log on its own word: what is in there stays.
package final class ClaimBudget: Sendable {
  /// More than the admin commands of an installation make, and 9 million lines a day at most.
  static let perSecond = 100.0
  static let burst = 2_000.0
  private static let capacity = 256

  private struct Left {
    var claims: Double
    var at: ContinuousClock.Instant
  }

  private let services = Mutex<[BusPeer: Left]>([:])

  package init() {}

  /// Takes one line from the service's budget.
  ///
  /// - Returns: nil if it had one left; else how long it must wait.
  package func wait(of service: BusPeer, now: ContinuousClock.Instant = .now) -> Duration? {
    services.withLock { services in
      if services.count >= Self.capacity, services[service] == nil { services = [:] }
      var left = services[service] ?? Left(claims: Self.burst, at: now)
      left.claims = min(Self.burst, left.claims + (now - left.at) / .seconds(1) * Self.perSecond)
      left.at = now
      let isEnough = left.claims >= 1
      if isEnough { left.claims -= 1 }
      services[service] = left
      return isEnough ? nil : .seconds((1 - left.claims) / Self.perSecond)
    }
  }
}

extension RequestFailure {
  /// A service has used up its budget of lines in the audit log.
  package static func tooManyClaims(wait: Duration) -> RequestFailure {
    RequestFailure(
      .overloaded, reason: "too-many-audit-claims",
      message: "this service has written as much into the audit log as it may for now: try again shortly",
      retryAfterMilliseconds: UInt32(clamping: wait.wholeMilliseconds + 1))
  }
}
