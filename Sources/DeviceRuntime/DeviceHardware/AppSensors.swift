package import AppLink
import DeviceProtocol
import Foundations

/// The sensors of an app's process.
package final class AppSensors: Sendable {
  private let sensors: [ByteText: AppSensor]
  /// What could not be opened, for people.
  package let problems: [String]

  package init(_ grants: [SensorGrant]) {
    var problems: [String] = []
    var sensors: [ByteText: AppSensor] = [:]
    for grant in grants { sensors[grant.name] = AppSensor(grant, &problems) }
    self.sensors = sensors
    self.problems = problems
  }

  /// The sensor of that name; nil if the app was not granted it.
  package subscript(name: String) -> AppSensor? { sensors[name] }

  /// Has a sensor read from other sources from now on. One that the app was not granted stays unknown.
  package func replace(_ grant: SensorGrant) { sensors[grant.name]?.replace(grant) }
}
