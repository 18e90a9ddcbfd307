/// What an app that is to be given to a device must prove about who built it.
package enum PublisherPolicy: Sendable {
  /// Nothing: for an installation that was made insecure.
  case unchecked
  /// An app need not be signed by its publisher, but a signature that is there must be one that devices take.
  case optional
  /// Every app must be signed by its publisher with a signature that devices take, so that what they would refuse is
  /// refused here.
  case required
}

extension PublisherPolicy {
  /// Whether an app that has this signature, or none, has to prove who built it. The proof is
  /// `AppDescription.verify(publisher:delegatedBy:)`.
  package func demandsProof(of signature: ImageSignature?) -> Bool {
    switch self {
    case .unchecked: false
    case .optional: signature != nil
    case .required: true
    }
  }
}
