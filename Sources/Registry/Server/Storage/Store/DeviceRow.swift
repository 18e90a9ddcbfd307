import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryDomain

/// How a device is read from its tables.
enum DeviceRow {
  static let columns: SQL = """
    d.id, d.name, d.tags, d.serial, d.revision, d.created_at, d.state,
    d.desired_version, d.desired_digest,
    d.reported_version, d.reported_digest, d.reported_slot, d.reported_status, d.reported_reason, d.reported_at,
    d.failed_version, d.failed_digest, d.failed_reason, d.switch_gap_nanoseconds,
    d.waiting_version, d.waiting_reason, d.waiting_since, f.notified_at, o.version is not null as is_pending,
    d.divergence, r.last_seen, r.online_until > statement_timestamp() as online,
    running.app_name as running_app_name, running.app_version as running_app_version,
    (
      select u.cloned_at from registry.device_runs u
      where u.device_id = d.id and u.cloned_at > statement_timestamp() - interval '1 day'
    ) as cloned_at,
    d.health_reason,
    """ + health + " as health"

  /// The health of a device, as an expression: the most telling one first. Crashes count while the version runs that
  /// they are of.
  static let health: SQL = """
     case
      when r.last_seen is null then 'unknown'
      when r.online_until <= statement_timestamp() then 'silent'
      when d.crashed_version is distinct from d.reported_version then 'healthy'
      when d.crash_looping_until > statement_timestamp() then 'crash-looping'
      when d.restarting_until > statement_timestamp() then 'restarting'
      else 'healthy'
    end
    """

  /// The devices of a health, by conditions that indexes serve.
  static func condition(_ health: DeviceHealth) -> SQL {
    switch health {
    case .unknown: "r.last_seen is null"
    case .silent: "r.last_seen is not null and r.online_until <= statement_timestamp()"
    case .crashLooping:
      """
      r.online_until > statement_timestamp() and d.restarting_until > statement_timestamp()
        and d.crash_looping_until > statement_timestamp() and d.crashed_version = d.reported_version
      """
    case .restarting:
      """
      r.online_until > statement_timestamp() and d.restarting_until > statement_timestamp()
        and (d.crash_looping_until is null or d.crash_looping_until <= statement_timestamp())
        and d.crashed_version = d.reported_version
      """
    case .healthy:
      """
      r.online_until > statement_timestamp()
        and (
          d.restarting_until is null or d.restarting_until <= statement_timestamp()
            or d.crashed_version is distinct from d.reported_version
        )
      """
    }
  }

  /// Every device has its row in `reports` from the start.
  static let tables: SQL = """
    registry.devices d join registry.reports r on r.device_id = d.id
    left join registry.firmware f on f.device_id = d.id and f.version = d.desired_version
    left join registry.outbox o on o.device_id = d.id and o.version = d.desired_version
    left join registry.firmware running on running.device_id = d.id and running.version = d.reported_version
      and running.digest = d.reported_digest
    """

  static func device(_ row: PostgresRow) throws -> Device {
    let health: DeviceHealth = try known(row["health"])
    var device = Device(
      id: try deviceID(row["id"]),
      name: try row["name"].text,
      tags: try row["tags"].textArray,
      serial: try row["serial"].text,
      revision: try row["revision"].int64,
      createdAt: try row["created_at"].date,
      online: try row["online"].bool,
      lastSeen: try row["last_seen"].optional?.date,
      state: try known(row["state"]),
      health: health,
      healthReason: health == .restarting || health == .crashLooping ? try row["health_reason"].text : "",
      desired: try reference(row["desired_version"], row["desired_digest"]),
      reported: try reported(row),
      divergence: Divergence(rawValue: try row["divergence"].text),
      app: try app(row),
      clonedAt: try row["cloned_at"].optional?.date)
    device.waiting = Waiting.reason(
      for: device,
      Waiting.Notification(isPending: try row["is_pending"].bool, at: try row["notified_at"].optional?.date))
    return device
  }

  private static func app(_ row: PostgresRow) throws -> AppLabels? {
    guard let name = row["running_app_name"].optional else { return nil }
    return AppLabels(name: try AppLabel(try name.text), version: try AppLabel(try row["running_app_version"].text))
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
      switchGapNanoseconds: UInt64(try row["switch_gap_nanoseconds"].int64),
      waiting: try waiting(row))
  }

  private static func waiting(_ row: PostgresRow) throws -> Waiting? {
    guard let reason = row["waiting_reason"].optional else { return nil }
    return Waiting(
      version: UInt64(clamping: try row["waiting_version"].optional?.int64 ?? 0), reason: try reason.text,
      since: try row["waiting_since"].optional?.date)
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

  static func known<Value: RawRepresentable<String>>(_ cell: PostgresCell) throws -> Value {
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
