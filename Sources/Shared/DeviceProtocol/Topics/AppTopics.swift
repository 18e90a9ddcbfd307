package import Foundations

/// The topics that belong to the app of a device: all that begin with `/apps/{id}/`.
package enum AppTopics {
  /// What stands before the name that an app or an operator gives the topic.
  package static func prefix(of device: DeviceID) -> String { "/apps/\(device)/" }
}
