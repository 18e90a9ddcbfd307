import FirmwareImage
import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// Devices by name and ID, after the position. Those taken out of service are left out, unless they are asked for.
  package func devices(
    _ filter: DeviceFilter, after position: DeviceCursor?, limit: Int
  ) async throws -> Page<Device, DeviceCursor> {
    let (statement, values) = DeviceListQuery.make(filter, after: position, limit: limit + 1)
    let rows = try await read { try await $0.query(statement, values) }
    let devices = try rows.prefix(limit).map(DeviceRow.device)
    let next = rows.count > limit ? devices.last.map { DeviceCursor(name: $0.name, id: $0.id) } : nil
    return Page(items: devices, next: next)
  }
}

/// The statement behind a list of devices: only the conditions that are asked for, each of a form that an index serves.
enum DeviceListQuery {
  static func make(
    _ filter: DeviceFilter, after position: DeviceCursor?, limit: Int
  ) -> (statement: SQL, values: [PostgresValue]) {
    let upperBound = DeviceFilter.upperBound(ofPrefix: filter.namePrefix)
    // Values keep their places, so that a condition can be left out.
    var values: [PostgresValue] = [
      .int(limit), .text(position?.name), .uuid(position?.id.bytes), .text(filter.namePrefix),
      .text(upperBound), .textArray(filter.tags), .text(nil),
    ]
    var conditions: [SQL] = filter.state == .deployment(.decommissioned) ? [] : ["d.state <> 'decommissioned'"]
    if position != nil { conditions.append("(d.name, d.id) > ($2, $3)") }
    if !filter.namePrefix.isEmpty {
      conditions.append("d.name >= $4")
      if upperBound != nil { conditions.append("d.name < $5") }
    }
    if !filter.tags.isEmpty { conditions.append("d.tags @> $6") }
    switch filter.state {
    case .online: conditions.append("r.online_until > statement_timestamp()")
    case .offline: conditions.append("r.online_until <= statement_timestamp()")
    case .deployment(let state):
      values[6] = .text(state.rawValue)
      conditions.append("d.state = $7")
    case nil: break
    }
    if let health = filter.health { conditions.append(DeviceRow.condition(health)) }
    var statement: SQL = "select " + DeviceRow.columns + " from " + DeviceRow.tables
    statement += " where " + conditions.joined(separator: " and ") + " order by d.name, d.id limit $1"
    return (statement, values)
  }
}
