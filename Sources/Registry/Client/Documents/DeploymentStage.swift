/// The two stages of a version before its device says anything of it; from then on its status is a `RunStatus`.
enum DeploymentStage {
  /// The device is to run it.
  static let assigned = "assigned"
  /// The broker has a notification of it for the device.
  static let notified = "notified"
}
