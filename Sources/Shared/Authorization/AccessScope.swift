/// What a bearer token allows. Each scope includes those before it.
package enum AccessScope: String, CaseIterable, Codable, Sendable {
  /// Look at everything that is no secret.
  case read
  /// Give devices images too.
  case deploy
  /// Change devices and claims too.
  case operate
  /// Make tokens, read the audit log and revoke too.
  case admin
}

extension AccessScope: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .read: 0
    case .deploy: 1
    case .operate: 2
    case .admin: 3
    }
  }
}
