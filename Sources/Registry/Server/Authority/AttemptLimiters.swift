import Messaging
import ServiceKit
import Synchronization

/// Failed attempts to say who one is, counted by address: those of the Registry's own clients, and for each service by
/// itself those that it tells of. A service may tell of any address it likes.
final class AttemptLimiters: Sendable {
  private let own: AttemptLimiter
  private let services = Mutex<[BusPeer: AttemptLimiter]>([:])
  /// Far more than an installation has instances; their names come and go with their keys.
  private static let capacity = 256

  init(own: AttemptLimiter) {
    self.own = own
  }

  func limiter(of service: BusPeer?) -> AttemptLimiter {
    guard let service else { return own }
    return services.withLock { services in
      if let known = services[service] { return known }
      if services.count >= Self.capacity { services = [:] }
      let limiter = AttemptLimiter()
      services[service] = limiter
      return limiter
    }
  }
}
