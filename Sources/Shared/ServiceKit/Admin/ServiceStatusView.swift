package import FoundationEssentials
import SwiftProtobuf
import TextFormats
package import Wire

/// The status of one replica as people and scripts get it. `service` is the service's name and `version` that of its
/// program; `instance` differs for each replica and each start, which was at `startedAt`. It is `ready` if all its
/// `dependencies` are. `figures` are counts worth a look, and `addresses` where it serves, by purpose (`http`, `rpc`,
/// `operations`).
package struct ServiceStatusView: Encodable, Sendable {
  package let service: String
  package let version: String
  package let instance: String
  package let startedAt: Date
  package let ready: Bool
  package let dependencies: [Dependency]
  package let figures: [String: Double]
  package let addresses: [String: String]

  /// Something that the service needs: its `name`, whether it is `ready`, and in `detail` what is wrong or soon will
  /// be, or nothing.
  package struct Dependency: Encodable, Sendable {
    package let name: String
    package let ready: Bool
    package let detail: String
  }

  package init(_ status: WireServiceStatus) {
    service = status.service
    version = status.version
    instance = status.instanceID
    startedAt = status.startedAt.date
    ready = status.ready
    dependencies = status.dependencies.map { Dependency(name: $0.name, ready: $0.ready, detail: $0.detail) }
    figures = status.figures
    addresses = status.addresses
  }

  /// The status for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func text(now: Date = Date(), columns: Int? = nil) -> String {
    var text = "\(service) \(version): \(ready ? "ready" : "not ready")\n"
    text += "instance \(instance),\nstarted \(HumanText.ago(startedAt, now: now)) (\(JSONCoding.text(of: startedAt)))\n"
    var sections: [Table] = []
    var dependencyTable = Table([("DEPENDENCY", .always), ("STATE", .always), ("DETAIL", .wrapped)])
    for dependency in dependencies {
      dependencyTable.add([dependency.name, dependency.ready ? "ready" : "NOT READY", dependency.detail])
    }
    sections.append(dependencyTable)
    var figureTable = Table(["FIGURE", "VALUE"], rightAligned: [1])
    for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
      figureTable.add([name, PrometheusText.number(value)])
    }
    sections.append(figureTable)
    var addressTable = Table([("SERVES", .always), ("AT", .wrapped)])
    for (purpose, address) in addresses.sorted(by: { $0.key < $1.key }) { addressTable.add([purpose, address]) }
    sections.append(addressTable)
    for table in sections where !table.isEmpty { text += "\n" + table.text(columns: columns) }
    return text
  }
}
