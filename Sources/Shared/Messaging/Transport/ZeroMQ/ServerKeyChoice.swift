import ZeroMQ

/// Which key to expect of a server: which of its role's keys an address has is not known beforehand, so one is tried
/// after the other.
struct ServerKeyChoice {
  /// The key to try now.
  private(set) var current: CurvePublicKey
  private var untried: [CurvePublicKey]

  /// - Parameters:
  ///   - keys: of the role.
  ///   - likely: what the address had last; tried first if the role still has it.
  /// - Returns: nil if there are no keys.
  init?(among keys: [CurvePublicKey], likely: CurvePublicKey?) {
    var untried = keys
    if let likely, let index = untried.firstIndex(of: likely) { untried.swapAt(0, index) }
    guard let first = untried.first else { return nil }
    current = first
    self.untried = Array(untried.dropFirst())
  }

  /// The choice after `current` did not fit; nil if all were tried.
  func next() -> ServerKeyChoice? {
    guard let first = untried.first else { return nil }
    var next = self
    next.current = first
    next.untried.removeFirst()
    return next
  }
}
