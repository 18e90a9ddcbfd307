package import Foundations
package import OpenSSL
package import PostgreSQL
import ServiceDatabase

/// The newest `certificate` of a device, as it was given out.
package struct StoredCertificate: Sendable {
  package let certificate: X509Certificate
  /// The SHA-256 of the key of the intermediate that signed it.
  let issuerKeyHash: [UInt8]
  /// SHA-256 of the device's public key that the certificate is for.
  package let publicKeyHash: [UInt8]
}

extension CertificateStore {
  /// The newest certificate of each device, if it is in the first half of its life: whoever asks for one again gets
  /// that. A device that asks for the next one in time has passed two thirds.
  package func fresh(
    of devices: [DeviceID], _ connection: some PostgresExecutor
  ) async throws -> [DeviceID: StoredCertificate] {
    guard !devices.isEmpty else { return [:] }
    let rows = try await connection.query(
      """
      select * from (
        select distinct on (device_id) device_id, issuer, certificate, public_key_hash, revoked_at,
          clock_timestamp() < issued_at + (not_after - issued_at) / 2 as fresh
        from provisioner.certificates where device_id = any($1)
        order by device_id, not_after desc, issued_at desc
      ) as newest
      where fresh and revoked_at is null and certificate is not null
      """, [PostgresValue.uuidArray(devices.map(\.bytes))])
    var found: [DeviceID: StoredCertificate] = [:]
    for row in rows {
      found[try DeviceID(stored: row["device_id"].uuid)] = StoredCertificate(
        certificate: try X509Certificate(der: row["certificate"].bytes), issuerKeyHash: try row["issuer"].bytes,
        publicKeyHash: try row["public_key_hash"].bytes)
    }
    return found
  }
}
