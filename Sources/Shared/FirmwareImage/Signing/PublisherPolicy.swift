/// What an app that is to be given to a device must prove about who built it.
package enum PublisherPolicy: Sendable {
  /// Nothing: for an installation that was made insecure.
  case unchecked
  /// A publisher's signature that is there must be one that devices take.
  case optional
  /// So must every app's: what devices refuse for want of one is refused at once.
  case required
}

extension PublisherPolicy {
  /// Whether an app with this publisher's signature, or without one, has to prove who built it. The proof is
  /// `AppDescription.verify(publisher:delegatedBy:)`.
  package func demandsProof(of signature: ImageSignature?) -> Bool {
    switch self {
    case .unchecked: false
    case .optional: signature != nil
    case .required: true
    }
  }
}
