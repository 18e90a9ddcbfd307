import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain

extension RegistryStore {
  /// One version of a device's firmware.
  ///
  /// - Parameter version: nil: the newest.
  /// - Throws: `notFound`.
  package func firmware(of id: DeviceID, version: UInt64?) async throws -> FirmwareVersion {
    var statement: SQL = "select " + FirmwareRow.columns + " from registry.firmware where device_id = $1"
    statement += version == nil ? " order by version desc limit 1" : " and version = $2"
    let text = statement
    return try await read { connection in
      let rows = try await connection.query(text, [.uuid(id.bytes), .int8(version.map { Int64(clamping: $0) })])
      if let row = rows.first { return try FirmwareRow.firmware(row) }
      try await Self.requireDevice(id, connection)
      throw version.map { RequestFailure.unknownFirmware(id, version: $0) } ?? RequestFailure.noFirmware(id)
    }
  }

  /// A device's firmware, newest first.
  ///
  /// - Parameter version: only versions below it; nil: from the newest.
  package func firmware(
    of id: DeviceID, before version: UInt64?, limit: Int
  ) async throws -> Page<FirmwareVersion, UInt64> {
    let statement: SQL =
      "select " + FirmwareRow.columns
      + " from registry.firmware where device_id = $1 and version < $2 order by version desc limit $3"
    let rows = try await read { connection in
      let rows = try await connection.query(
        statement, [.uuid(id.bytes), .int8(version.map { Int64(clamping: $0) } ?? .max), .int(limit + 1)])
      if rows.isEmpty { try await Self.requireDevice(id, connection) }
      return rows
    }
    let items = try rows.prefix(limit).map(FirmwareRow.firmware)
    return Page(items: items, next: rows.count > limit ? items.last?.version : nil)
  }
}

/// How a version of a device's firmware is read from its table.
enum FirmwareRow {
  static let columns: SQL = """
    device_id, version, digest, length_bytes, app_name, app_version, security_epoch, host_api_level,
    publisher_key_id, publisher_signature, configuration, created_at, notified_at,
    trial_at, confirmed_at, failed_at, failed_status, failed_reason, switch_gap_nanoseconds
    """

  static func firmware(_ row: PostgresRow) throws -> FirmwareVersion {
    FirmwareVersion(
      device: try DeviceRow.deviceID(row["device_id"]),
      version: UInt64(try row["version"].int64),
      image: try image(row),
      configuration: try row["configuration"].bytes,
      createdAt: try row["created_at"].date,
      notifiedAt: try row["notified_at"].optional?.date,
      history: FirmwareHistory(
        trialAt: try row["trial_at"].optional?.date, confirmedAt: try row["confirmed_at"].optional?.date,
        failure: try failure(row), switchGapNanoseconds: UInt64(try row["switch_gap_nanoseconds"].int64)))
  }

  private static func failure(_ row: PostgresRow) throws -> FirmwareHistory.Failure? {
    guard let at = row["failed_at"].optional else { return nil }
    return FirmwareHistory.Failure(
      at: try at.date, status: try row["failed_status"].text, reason: try row["failed_reason"].text)
  }

  private static func image(_ row: PostgresRow) throws -> PublishedApp {
    let app = try AppDescription(
      wasmLength: UInt64(try row["length_bytes"].int64),
      wasmDigest: try DeviceRow.digest(row["digest"]),
      securityEpoch: UInt32(clamping: try row["security_epoch"].int64),
      hostAPILevel: UInt32(clamping: try row["host_api_level"].int64),
      name: try AppLabel(try row["app_name"].text),
      version: try AppLabel(try row["app_version"].text))
    let publisher = try KeyID(bytes: row["publisher_key_id"].bytes).flatMap { key in
      ImageSignature(keyID: key, signature: try row["publisher_signature"].bytes)
    }
    return PublishedApp(app: app, publisher: publisher)
  }
}
