package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Takes a device back to an image that it had before, as its next version: versions only grow.
  ///
  /// - Parameters:
  ///   - version: whose image; nil: the newest version of another image than the desired one that the device confirmed.
  ///   - key: a repeat with the same one answers the same version.
  /// - Returns: the new version, and the earlier one whose image it is.
  package func rollBackFirmware(
    of id: DeviceID, to version: UInt64?, key: String, by requester: Requester
  ) async throws -> (version: UInt64, earlier: UInt64) {
    let key = Self.rollBackKeyPrefix + (try FieldRules.idempotencyKey(key))
    let origin = DeploymentOrigin()
    let (new, earlier, isNew) = try await write { connection in
      let rows = try await connection.query(
        "select " + Self.nextVersion + ", " + Self.confirmedEpoch
          + ", desired_version, desired_digest, state from registry.devices d where id = $1 for no key update of d",
        [.uuid(id.bytes)])
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      try Self.requireInService(id, row)
      if let made = try await Self.madeBefore(id, key: key, connection) { return (made.version, made.earlier, false) }
      guard let desired = try row["desired_version"].optional?.int64 else { throw RequestFailure.noFirmware(id) }
      let earlier = try await Self.earlierFirmware(
        of: id, version: version, desired: desired, digest: try row["desired_digest"].bytes, connection)
      try Self.requireEpoch(of: earlier.image, for: id, row)
      let new = UInt64(try row["next_version"].int64)
      try await Self.insertFirmware(
        earlier.image, version: new, of: id, key: "\(key)\(Self.rollBackKeySeparator)\(earlier.version)",
        try await signedConfiguration(earlier.image, for: id, version: new, connection), origin: origin, connection)
      var detail = Self.detail(earlier.image, new)
      detail["imageOf"] = .integer(Int64(clamping: earlier.version))
      try await Self.append(AuditRecord(.rollBackFirmware, AuditRecord.target(id), by: requester, detail), connection)
      return (new, earlier.version, true)
    }
    if isNew { outboxSignal.wake() }
    return (new, earlier)
  }

  private static func earlierFirmware(
    of id: DeviceID, version: UInt64?, desired: Int64, digest: [UInt8], _ connection: some PostgresExecutor
  ) async throws -> FirmwareVersion {
    var statement: SQL = "select " + FirmwareRow.columns + " from registry.firmware where device_id = $1"
    if let version {
      guard Int64(clamping: version) != desired else { throw RequestFailure.alreadyDesired(id, version: version) }
      statement += " and version = $2"
      let rows = try await connection.query(statement, [.uuid(id.bytes), .int8(Int64(clamping: version))])
      guard let row = rows.first else { throw RequestFailure.unknownFirmware(id, version: version) }
      return try FirmwareRow.firmware(row)
    }
    statement += """
       and version < $2 and digest <> $3 and confirmed_at is not null
      order by version desc limit 1
      """
    let rows = try await connection.query(statement, [.uuid(id.bytes), .int8(desired), .bytea(digest)])
    guard let row = rows.first else { throw RequestFailure.nothingToRollBackTo(id) }
    return try FirmwareRow.firmware(row)
  }

  private static func madeBefore(
    _ id: DeviceID, key: String, _ connection: some PostgresExecutor
  ) async throws -> (version: UInt64, earlier: UInt64)? {
    let start = key + rollBackKeySeparator
    let rows = try await connection.query(
      "select version, idempotency_key from registry.firmware where device_id = $1 and starts_with(idempotency_key, $2)",
      [.uuid(id.bytes), .text(start)])
    guard let row = rows.first, let earlier = UInt64(try row["idempotency_key"].text.dropFirst(start.count)) else {
      return nil
    }
    return (UInt64(try row["version"].int64), earlier)
  }

  /// What the idempotency key of a roll-back begins with, and what stands before its earlier version: with control
  /// characters, which no client's key has.
  private static let rollBackKeyPrefix = "\u{1}rollback "
  private static let rollBackKeySeparator = "\u{1}of "
}
