import Messaging
import ServiceKit
import Synchronization

/// Counts failed attempts to say who one is, by address: for the Registry's own clients together, and for each
/// service that passes its clients' attempts on by itself, because a service may name any address it likes.
final class AttemptLimiters: Sendable {
  private let own: AttemptLimiter
  private let services = Mutex<[BusPeer: AttemptLimiter]>([:])
  /// Far more than an installation has instances; their names come and go with their keys.
  private static let capacity = 256

  init(own: AttemptLimiter) {
    self.own = own
  }

  /// The counter for clients of this service; nil for the Registry's own.
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
