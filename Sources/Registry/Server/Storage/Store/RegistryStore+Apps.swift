import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Puts into the audit log that somebody sends a message to a device's app, before it is sent.
  ///
  /// - Throws: `conflict` for a device that is out of service.
  package func noteSending(to id: DeviceID, topic: String, sizeBytes: Int, by requester: Requester) async throws {
    try await write { connection in
      let rows = try await connection.query("select state from registry.devices where id = $1", [.uuid(id.bytes)])
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      try Self.requireInService(id, row)
      let detail: [String: JSONValue] = ["topic": .string(topic), "bytes": .integer(Int64(sizeBytes))]
      try await Self.append(AuditRecord(.sendToApp, AuditRecord.target(id), by: requester, detail), connection)
    }
  }
}
