import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Lets a device that went out of service come back, with its history. A repeat changes nothing.
  ///
  /// The Provisioner lets it in first: what fails after that is done by a repeat.
  ///
  /// - Parameter provisioner: nil where devices have no certificates.
  package func recommission(
    _ id: DeviceID, reason: String, by requester: Requester, provisioner: (any CertificateProvider)?, deadline: Duration
  ) async throws -> Device {
    let reason = try FieldText.printable(reason, field: "reason", length: 1...FieldRules.decommissioningReasonLength)
    // What the Provisioner was not told yet would take away again what it gives now.
    let isKnown = try await write { connection in
      let key = [PostgresValue.uuid(id.bytes)]
      try await connection.execute("delete from registry.revocations where device_id = $1", key)
      return try await connection.queryFirst("select id from registry.devices where id = $1", key) != nil
    }
    guard isKnown else { throw RequestFailure.unknownDevice(id) }
    if let provisioner {
      do throws(RequestFailure) {
        try await provisioner.reinstate(id, by: requester, deadline: deadline)
      } catch {
        // A device that was made by hand has nothing there.
        guard error.code == .notFound else { throw error }
      }
    }
    return try await write { connection in
      let key = [PostgresValue.uuid(id.bytes)]
      let rows = try await connection.query("select state from registry.devices where id = $1 for no key update", key)
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      if try row["state"].text == DeploymentState.decommissioned.rawValue {
        try await connection.query("update registry.devices set decommissioned_at = null where id = $1", key)
        try await Self.append(.deviceRecommissioned, of: id, ["reason": .string(reason)], connection)
      }
      // Noted each time: the Provisioner may have had something to give back although the Registry had not.
      try await Self.append(
        AuditRecord(.recommissionDevice, AuditRecord.target(id), by: requester, ["reason": .string(reason)]),
        connection)
      guard let device = try await Self.device(id, connection) else { throw RequestFailure.unknownDevice(id) }
      return device
    }
  }
}
