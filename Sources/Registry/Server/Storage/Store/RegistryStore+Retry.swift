package import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// Gives a device an image again that it rolled back from or refused, or that it takes no notice of because it had a
  /// higher version: as its next version, as the device takes no old one.
  ///
  /// A repeat, while the device has not decided on the new version, answers that one.
  ///
  /// - Returns: the version.
  package func retryFirmware(of id: DeviceID, by requester: Requester) async throws -> UInt64 {
    let origin = DeploymentOrigin()
    let (version, isNew) = try await write { connection in
      let rows = try await connection.query(
        "select " + Self.nextVersion + ", " + Self.isAhead
          + ", desired_version, state from registry.devices where id = $1 for no key update",
        [.uuid(id.bytes)])
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      try Self.requireInService(id, row)
      guard let desired = try row["desired_version"].optional?.int64 else { throw RequestFailure.noFirmware(id) }
      let statement: SQL =
        "select " + FirmwareRow.columns
        + ", idempotency_key from registry.firmware where device_id = $1 and version = $2"
      let found = try await connection.query(statement, [.uuid(id.bytes), .int8(desired)])
      guard let firmware = found.first else { throw RequestFailure.unknownFirmware(id, version: UInt64(desired)) }
      guard try row["state"].text == DeploymentState.failed.rawValue || row["is_ahead"].bool else {
        if try firmware["idempotency_key"].text.hasPrefix(Self.retryKeyPrefix) { return (UInt64(desired), false) }
        throw RequestFailure.nothingToRetry(id, version: UInt64(desired))
      }
      let image = try FirmwareRow.firmware(firmware).image
      let version = UInt64(try row["next_version"].int64)
      try await Self.insertFirmware(
        image, version: version, of: id, key: "\(Self.retryKeyPrefix)\(desired)",
        try await signedConfiguration(image, for: id, version: version, connection), origin: origin, connection)
      try await Self.append(
        AuditRecord(.retryFirmware, AuditRecord.target(id), by: requester, Self.detail(image, version)), connection)
      return (version, true)
    }
    if isNew { outboxSignal.wake() }
    return version
  }

  /// Whether the device had a version that is not below its desired one, and runs something else.
  static let isAhead: SQL = """
    coalesce(
      greatest(reported_version, failed_version) >= desired_version
      and (reported_version, reported_digest) is distinct from (desired_version, desired_digest)
      and (failed_version, failed_digest) is distinct from (desired_version, desired_digest), false) as is_ahead
    """

  /// Begins with a control character, which no client's key has.
  private static let retryKeyPrefix = "\u{1}retry of "
}
