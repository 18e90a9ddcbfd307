package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// How a version got to its device.
  ///
  /// - Parameter version: nil: the newest.
  /// - Throws: `notFound`.
  package func timeline(of id: DeviceID, version: UInt64?) async throws -> DeploymentTimeline {
    var statement: SQL = "select version, created_at, timeline from registry.firmware where device_id = $1"
    statement += version == nil ? " order by version desc limit 1" : " and version = $2"
    let text = statement
    return try await read { connection in
      let rows = try await connection.query(text, [.uuid(id.bytes), .int8(version.map { Int64(clamping: $0) })])
      if let row = rows.first {
        let json = try row["timeline"].optional.flatMap { JSONValue(parsing: Array(try $0.text.utf8)) }
        return DeploymentTimeline(
          version: UInt64(try row["version"].int64), assignedAt: try row["created_at"].date, json ?? .null)
      }
      try await Self.requireDevice(id, connection)
      throw version.map { RequestFailure.unknownFirmware(id, version: $0) } ?? RequestFailure.noFirmware(id)
    }
  }
}
