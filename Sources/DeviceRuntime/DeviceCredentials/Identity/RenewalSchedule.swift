import FoundationEssentials

/// When a certificate, good from `notBefore` to `notAfter`, is renewed: at two thirds of its life, a little earlier or
/// later for each device, so that those which enrolled together don't come together.
struct RenewalSchedule: Sendable, Equatable {
  /// The part of a certificate's life by which its renewal may be earlier or later.
  static let jitter = 1.0 / 30

  var notBefore: Date
  var notAfter: Date

  init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  private var lifeSeconds: Double { max(0, notAfter.timeIntervalSince(notBefore)) }

  /// When the certificate is renewed.
  ///
  /// - Parameter fraction: of the jitter, -1 to 1.
  func due(fraction: Double) -> Date {
    notBefore.addingTimeInterval(lifeSeconds * (2.0 / 3 + fraction * Self.jitter))
  }

  /// The pauses between attempts that fail: so many fit into the last third that a few bad ones do no harm, and a
  /// fleet whose Provisioner is away does not knock all the time.
  var retries: (first: Duration, longest: Duration) {
    (.seconds(min(60, max(0.1, lifeSeconds / 300))), .seconds(min(3600, max(0.5, lifeSeconds / 20))))
  }
}
