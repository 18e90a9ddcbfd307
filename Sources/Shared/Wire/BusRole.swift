/// What a process is to the others on the bus. The role decides what it may ask of them; the raw value is what key
/// files say.
package enum BusRole: String, CaseIterable, Sendable {
  case registry
  case provisioner
  case imageStore = "image-store"
  case notifier
  /// A person's admin commands.
  case `operator`
  /// Asks how services are, and nothing else.
  case monitor
  /// The agent on a device, for the admin commands beside it.
  case device
}

/// A set of roles: who may send a kind of request. There is one member for each ``BusRole``, of the same name:
/// `registry`, `provisioner`, `imageStore`, `notifier`, `operator`, `monitor` and `device`. `rawValue` has a bit for
/// each; it is not sent anywhere.
package struct BusRoles: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package init(_ role: BusRole) {
    switch role {
    case .registry: self = .registry
    case .provisioner: self = .provisioner
    case .imageStore: self = .imageStore
    case .notifier: self = .notifier
    case .operator: self = .operator
    case .monitor: self = .monitor
    case .device: self = .device
    }
  }

  package static let registry = BusRoles(rawValue: 1 << 0)
  package static let provisioner = BusRoles(rawValue: 1 << 1)
  package static let imageStore = BusRoles(rawValue: 1 << 2)
  package static let notifier = BusRoles(rawValue: 1 << 3)
  /// A person, by their admin commands.
  package static let `operator` = BusRoles(rawValue: 1 << 4)
  package static let monitor = BusRoles(rawValue: 1 << 5)
  package static let device = BusRoles(rawValue: 1 << 6)

  /// The four services, without people's commands, monitors and devices.
  package static let services: BusRoles = [.registry, .provisioner, .imageStore, .notifier]
  /// Everybody whose key is known.
  package static let all: BusRoles = [.services, .operator, .monitor, .device]

  /// The roles in the set, in the order of their declaration.
  package var roles: [BusRole] { BusRole.allCases.filter { contains(BusRoles($0)) } }
}
