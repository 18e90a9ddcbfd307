import FirmwareImage
import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// How many devices are found at once at most.
  package static let maximumFound = 100

  /// Which devices a person may mean by a text: those of that name; if there are none, those whose name or ID begins
  /// with it. Of each kind those in service, if there are any: a device that was taken out of service stands in
  /// nobody's way.
  package func devices(
    meantBy text: String, limit: Int
  ) async throws -> (devices: [FoundDevice], hasMore: Bool) {
    let text = try FieldRules.reference(text)
    if let id = DeviceID(text) {
      let device = try await device(id)
      return ([FoundDevice(id: id, name: device.name)], false)
    }
    let rows = try await candidates(text, isExact: true, isInService: nil, limit: limit + 1)
    if !rows.isEmpty { return Self.best(rows, limit) }
    for isInService in [true, false] {
      let rows = try await candidates(text, isExact: false, isInService: isInService, limit: limit + 1)
      if !rows.isEmpty { return Self.best(rows, limit) }
    }
    return ([], false)
  }

  /// All in service whose name or ID begins so, by name.
  package func devices(
    beginning text: String, limit: Int
  ) async throws -> (devices: [FoundDevice], hasMore: Bool) {
    let text = text.isEmpty ? "" : try FieldRules.reference(text)
    return Self.best(try await candidates(text, isExact: false, isInService: true, limit: limit + 1), limit)
  }

  private struct Candidate: Sendable {
    var device: FoundDevice
    var isInService: Bool
  }

  private static func best(_ candidates: [Candidate], _ limit: Int) -> (devices: [FoundDevice], hasMore: Bool) {
    let inService = candidates.filter(\.isInService)
    let chosen = inService.isEmpty ? candidates : inService
    return (chosen.prefix(limit).map(\.device), chosen.count > limit)
  }

  /// - Parameter isInService: nil for both.
  private func candidates(
    _ text: String, isExact: Bool, isInService: Bool?, limit: Int
  ) async throws -> [Candidate] {
    let condition: SQL =
      switch isInService {
      case true?: " and state <> 'decommissioned'"
      case false?: " and state = 'decommissioned'"
      case nil: ""
      }
    var statement: SQL = "select id, name, state from ((select id, name, state from registry.devices where "
    let upperBound = DeviceFilter.upperBound(ofPrefix: text)
    let range = DeviceIDPrefix.range(text)
    if isExact {
      statement += "name = $1"
    } else {
      statement += upperBound == nil ? "name >= $1" : "name >= $1 and name < $3"
    }
    statement += condition
    statement += " order by name, id limit $2)"
    if !isExact, range != nil {
      statement += " union (select id, name, state from registry.devices where id between $4 and $5"
      statement += condition
      statement += " order by id limit $2)"
    }
    statement += ") as found order by name, id limit $2"
    let values: [PostgresValue] = [
      .text(text), .int(limit), .text(upperBound), .uuid(range?.lowest), .uuid(range?.highest),
    ]
    let finished = statement
    return try await read { try await $0.query(finished, values) }.map { row in
      Candidate(
        device: FoundDevice(id: try DeviceRow.deviceID(row["id"]), name: try row["name"].text),
        isInService: try row["state"].text != DeploymentState.decommissioned.rawValue)
    }
  }
}
