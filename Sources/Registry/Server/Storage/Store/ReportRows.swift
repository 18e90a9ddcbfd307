import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryDomain

/// How devices are read for a batch of their reports.
enum ReportRows {
  /// Locks the rows of `reports`, in their order, and then reads the devices.
  static func reading(_ ids: [[UInt8]]) -> [PostgresStatement] {
    [
      PostgresStatement(
        "select device_id from registry.reports where device_id = any($1) order by device_id for update",
        [.uuidArray(ids)]),
      // A statement of its own, as the first may have waited for a transaction that changed what this reads.
      PostgresStatement(
        """
        select r.device_id, r.epoch, r.sequence, r.last_seen, nullif(r.online_until, '-infinity') as online_until,
          d.reported_version, d.reported_digest, d.reported_slot, d.reported_status, d.reported_reason, d.reported_at,
          d.failed_version, d.failed_digest, d.failed_reason, d.switch_gap_nanoseconds,
          d.waiting_version, d.waiting_reason, d.waiting_since,
          d.desired_version, d.desired_digest, f.notified_at,
          coalesce(f.trial_at, f.confirmed_at, f.failed_at) is not null as was_tried,
          o.version is not null as is_pending, clock_timestamp() as read_at
        from registry.reports r
          join registry.devices d on d.id = r.device_id
          left join registry.firmware f on f.device_id = d.id and f.version = d.desired_version
          left join registry.outbox o on o.device_id = d.id and o.version = d.desired_version
        where r.device_id = any($1)
        """,
        [.uuidArray(ids)]),
    ]
  }

  /// The devices of a batch, of the rows that were read.
  static func batch(_ rows: [PostgresRow]) throws -> ReportBatch {
    var batch = ReportBatch()
    for row in rows {
      batch.now = try row["read_at"].date
      batch.entries[try DeviceRow.deviceID(row["device_id"])] = ReportBatch.Entry(
        device: TrackedDevice(
          position: ReportPosition(
            epoch: UInt64(bitPattern: try row["epoch"].int64), sequence: UInt64(try row["sequence"].int64)),
          lastSeen: try row["last_seen"].optional?.date,
          onlineUntil: try row["online_until"].optional?.date, reported: try DeviceRow.reported(row)),
        desired: try desired(row))
    }
    return batch
  }

  private static func desired(_ row: PostgresRow) throws -> DesiredFirmware? {
    guard let reference = try DeviceRow.reference(row["desired_version"], row["desired_digest"]) else { return nil }
    return DesiredFirmware(
      reference, isNotificationPending: try row["is_pending"].bool,
      notifiedAt: try row["notified_at"].optional?.date, wasTried: try row["was_tried"].bool)
  }
}
