import DeviceCertificates
package import Foundations
import PostgreSQL
import ProvisionerDomain
import ServiceDatabase

extension DeviceStore {
  /// Lets a device come back that was revoked, or whose serial number was reset: the same board with the same key, as
  /// the same device. Its certificates stay revoked; it gets another one when it enrols. A repeat changes nothing.
  ///
  /// - Returns: whether there was something to give back.
  package func reinstate(_ device: DeviceID) async throws -> Bool {
    try await translating {
      try await pool.withTransaction { transaction in
        // First, as whoever records a certificate takes the same locks in this order.
        try await CertificateStore.lock(PostgresValue.uuidArray([device.bytes]), transaction)
        let row = try await transaction.queryFirst(
          "select serial, product, reset_at is not null as reset from provisioner.devices where id = $1 for update",
          [.uuid(device.bytes)])
        guard let row else { throw RequestFailure.unknownDevice(device) }
        let isReset = try row["reset"].bool
        if isReset {
          let (serial, product) = (try row["serial"].text, try row["product"].text)
          let other = try await transaction.queryFirst(
            "select id from provisioner.devices where serial = $1 and product = $2 and reset_at is null",
            [.text(serial), .text(product)])
          if let other { throw RequestFailure.serialReplaced(serial, by: try DeviceID(stored: other["id"].uuid)) }
          try await transaction.execute(
            "update provisioner.devices set reset_at = null where id = $1", [.uuid(device.bytes)])
        }
        let count = try await transaction.execute(
          "delete from provisioner.revoked_devices where device_id = $1", [.uuid(device.bytes)])
        guard isReset || count > 0 else { return false }
        // All its certificates are revoked: until it has asked for one, nobody may take it for enrolled. A token of a
        // device that only polls is as good as it was.
        try await transaction.execute(
          "update provisioner.devices set enrolled_at = null where id = $1 and public_key_hash is not null",
          [.uuid(device.bytes)])
        return true
      }
    }
  }
}

extension RequestFailure {
  fileprivate static func serialReplaced(_ serial: String, by other: DeviceID) -> RequestFailure {
    RequestFailure(
      .conflict, reason: "serial-replaced",
      message:
        "device \(other) has enrolled under serial number \(serial) since: if that board is the one that is gone, "
        + "run xtblish-provisioner devices reset \(serial) first")
  }
}
