package import Foundations

/// The topics that belong to the app of a device: all that begin with `/apps/{id}/`.
package enum AppTopics {
  /// The beginning of the topics of one device's app; the name that an app or an operator gives a topic follows.
  package static func prefix(of device: DeviceID) -> String { "/apps/\(device)/" }
}
