package import FoundationEssentials
package import Foundations
package import TextFormats

/// What goes into the audit log: who (`requester`) did what (`action`) to what (`target`), from where, and whether it
/// was let through (`outcome`). `detail` is what else belongs to the action, such as the reason of a refusal.
package struct AuditRecord: Sendable, Equatable {
  /// What became of an action; the raw value is what the log has.
  package enum Outcome: String, Sendable, CaseIterable {
    /// The action was let through and done.
    case allowed
    case refused
    /// The action was let through. If nothing of the same follows, the service ended in the middle of it, or the
    /// change has an entry of its own.
    case begun
    /// The action was let through, and then could not be done.
    case failed
  }

  package var requester: Requester
  package var action: String
  package var target: String
  package var outcome: Outcome
  package var detail: [String: JSONValue]

  /// - Parameters:
  ///   - action: in the imperative, kebab-case; what is too long is cut, as with `target`.
  ///   - target: `device:<uuid>`, `token:<name>`; empty for none in particular.
  package init(
    _ action: String, _ target: String, by requester: Requester, outcome: Outcome = .allowed,
    _ detail: [String: JSONValue] = [:]
  ) {
    self.requester = requester
    self.action = FieldRules.sanitized(action, maximumBytes: Self.actionBytes)
    self.target = FieldRules.sanitized(target, maximumBytes: Self.targetBytes)
    self.outcome = outcome
    self.detail = detail
  }

  /// A change that the Registry itself makes.
  package init(
    _ action: AuditAction, _ target: String, by requester: Requester, _ detail: [String: JSONValue] = [:]
  ) {
    self.init(action.rawValue, target, by: requester, detail)
  }

  /// The most bytes of UTF-8 of an action; more are cut.
  package static let actionBytes = 64
  /// The most bytes of UTF-8 of a target; more are cut.
  package static let targetBytes = 256

  /// A device as the target of an action.
  package static func target(_ device: DeviceID) -> String { "device:\(device)" }
}

/// The changes that the Registry makes, by their names in the audit log.
package enum AuditAction: String, Sendable, CaseIterable {
  case createDevice = "create-device"
  case updateDevice = "update-device"
  case deleteDevice = "delete-device"
  case decommissionDevice = "decommission-device"
  case recommissionDevice = "recommission-device"
  case assignImage = "assign-image"
  case renotifyDevice = "renotify-device"
  case retryFirmware = "retry-firmware"
  case rollBackFirmware = "roll-back-firmware"
  case sendToApp = "send-to-app"
  case createToken = "create-token"
  case revokeToken = "revoke-token"
  case createDirectorKey = "create-director-key"
  case publishRootDocument = "publish-root-document"
}

/// A row of the audit log: when (`at`, by the database's clock) a `principal` did what (`action`) to what (`target`),
/// and the `source` that the request came from, an address or `bus`.
package struct AuditEntry: Sendable, Equatable {
  /// Grows in the order in which entries became visible.
  package var id: UInt64
  package var at: Date
  package var principal: String
  /// The service that the principal asked; empty for none.
  package var via: String
  /// Whom the principal, a service, says that it acted for; empty for nobody.
  package var claimed: String
  package var action: String
  package var target: String
  package var source: String
  /// An ``AuditRecord/Outcome`` as text: a newer replica may have written one that this one doesn't know.
  package var outcome: String
  /// What else belongs to the action, as a JSON object.
  package var detail: String

  package init(
    id: UInt64, at: Date, principal: String, via: String, claimed: String, action: String, target: String,
    source: String, outcome: String, detail: String
  ) {
    self.id = id
    self.at = at
    self.principal = principal
    self.via = via
    self.claimed = claimed
    self.action = action
    self.target = target
    self.source = source
    self.outcome = outcome
    self.detail = detail
  }
}
