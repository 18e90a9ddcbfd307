import FirmwareImage
import FoundationEssentials
import PostgreSQL

/// How a device is read from its tables.
enum DeviceRow {
  static let columns: SQL = """
    d.id, d.name, d.tags, d.serial, d.revision, d.created_at, d.state,
    d.desired_version, d.desired_digest,
    d.reported_version, d.reported_digest, d.reported_slot, d.reported_status, d.reported_reason, d.reported_at,
    d.failed_version, d.failed_digest, d.failed_reason, d.switch_gap_nanoseconds,
    d.divergence,
    (
      select u.cloned_at from registry.device_runs u
      where u.device_id = d.id and u.cloned_at > statement_timestamp() - interval '1 day'
    ) as cloned_at,
    r.last_seen, r.online_until > statement_timestamp() as online
    """

  /// Every device has its row in `reports` from the start.
  static let tables: SQL = "registry.devices d join registry.reports r on r.device_id = d.id"

  static func device(_ row: PostgresRow) throws -> Device {
    Device(
      id: try deviceID(row["id"]),
      name: try row["name"].text,
      tags: try row["tags"].textArray,
      serial: try row["serial"].text,
      revision: try row["revision"].int64,
      createdAt: try row["created_at"].date,
      online: try row["online"].bool,
      lastSeen: try row["last_seen"].optional?.date,
      state: try known(row["state"]),
      desired: try reference(row["desired_version"], row["desired_digest"]),
      reported: try reported(row),
      divergence: Divergence(rawValue: try row["divergence"].text),
      clonedAt: try row["cloned_at"].optional?.date)
  }

  static func reported(_ row: PostgresRow) throws -> ReportedState? {
    guard let status = row["reported_status"].optional else { return nil }
    return ReportedState(
      running: try reference(row["reported_version"], row["reported_digest"]),
      slot: try row["reported_slot"].text,
      status: try known(status),
      reason: try row["reported_reason"].text,
      at: try row["reported_at"].date,
      failed: try reference(row["failed_version"], row["failed_digest"]),
      failedReason: try row["failed_reason"].text,
      switchGapNanoseconds: UInt64(try row["switch_gap_nanoseconds"].int64))
  }

  static func reference(_ version: PostgresCell, _ digest: PostgresCell) throws -> FirmwareReference? {
    guard let version = version.optional else { return nil }
    return FirmwareReference(version: UInt64(try version.int64), digest: try self.digest(digest))
  }

  static func deviceID(_ cell: PostgresCell) throws -> DeviceID {
    guard let id = DeviceID(bytes: try cell.uuid) else { throw StoredValueError() }
    return id
  }

  static func digest(_ cell: PostgresCell) throws -> SHA256Digest {
    guard let digest = SHA256Digest(bytes: try cell.bytes) else { throw StoredValueError() }
    return digest
  }

  private static func known<Value: RawRepresentable<String>>(_ cell: PostgresCell) throws -> Value {
    guard let value = Value(rawValue: try cell.text) else { throw StoredValueError() }
    return value
  }
}

/// The database holds what this program would never write.
struct StoredValueError: Error, CustomStringConvertible {
  var description: String {
    "the database holds a value that this version of the Registry does not know: was it written by a newer one?"
  }
}
