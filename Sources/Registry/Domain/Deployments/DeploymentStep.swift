/// A step of a deployment, which a `program` did: its `name` says what is done at its end, in kebab-case.
package struct DeploymentStep: Sendable, Equatable {
  /// Whose step it is.
  package enum Program: String, Sendable {
    case imageStore = "image-store"
    case registry
    case notifier
    case device
    case appHost = "app-host"
  }

  package let name: String
  package let program: Program
  /// Its end, in microseconds since the client's request reached the image store.
  package let at: UInt64
  /// From the end of the step before it, in microseconds.
  package internal(set) var took: UInt64 = 0

  init(_ name: String, by program: Program, at: UInt64) {
    self.name = name
    self.program = program
    self.at = at
  }

  /// The version is assigned: what is to become of it is in the database.
  static let assigned = "assigned"
  /// The notification was taken out of the outbox, in which it is from the commit on.
  package static let taken = "taken"
  /// The Notifier handed the notification to the broker.
  package static let published = "published"
  /// The broker has the notification.
  package static let acknowledged = "acknowledged"
  /// The app's first line was there.
  package static let firstLine = "first-line"
  /// The device said what it measured: no step, but what ties its clock to the Registry's.
  package static let reported = "reported"
}
