import DeviceProtocol
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryDomain

/// What a batch of reports changes, as a statement for each table, however many devices are in it.
struct ReportWrites {
  /// A device of the batch that something was reported of.
  typealias Touched = (id: DeviceID, entry: ReportBatch.Entry)

  private(set) var statements: [PostgresStatement] = []
  /// The place of the statement that gives a row if something was put into the outbox; nil if none may put anything
  /// there.
  private(set) var queueIndex: Int?
  /// Devices whose desired image must become a higher version.
  private(set) var toAssignAgain: [DeviceID] = []

  /// - Parameter ids: of the batch's devices, in their order, which is that of all locks.
  init(_ batch: ReportBatch, _ ids: [[UInt8]], renotifyInterval: TimeInterval) {
    let touched: [Touched] = ids.compactMap { bytes in
      DeviceID(bytes: bytes).flatMap { id in batch.entries[id].map { (id, $0) } }
    }.filter(\.entry.isTouched)
    guard !touched.isEmpty else { return }
    statements.append(Self.liveness(touched))
    let changed = touched.filter { $0.entry.changes.contains { $0.kind == .stateReported } }
    let toStore = touched.filter { $0.entry.changes.contains { [.stateReported, .waitsForOther].contains($0.kind) } }
    if !toStore.isEmpty { statements.append(Self.states(toStore)) }
    var toNotify: [FirmwareKey] = []
    for (id, entry) in touched {
      switch entry.decision(now: batch.now, interval: renotifyInterval) {
      case .notify: toNotify.append(FirmwareKey(device: id, version: entry.desired?.reference.version ?? 0))
      case .assignAgain: toAssignAgain.append(id)
      case .nothingDesired, .running, .heldBack, .alreadyNotified, .ahead: break
      }
    }
    if !toNotify.isEmpty {
      queueIndex = statements.count
      statements.append(Self.queueing(toNotify))
    }
    // After the outbox: see ``RegistrySchema`` on the order of locks.
    let history = ReportedHistory(changed)
    statements += history.statements
    if let events = Self.telling(of: touched) { statements.append(events) }
  }

  /// The row of `firmware` that a notification is about.
  struct FirmwareKey {
    let device: DeviceID
    let version: UInt64
  }

  private static func liveness(_ devices: [Touched]) -> PostgresStatement {
    PostgresStatement(
      """
      update registry.reports r
      set sequence = u.sequence, epoch = u.epoch,
        last_seen = case when u.last_seen >= 0 then 'epoch'::timestamptz + u.last_seen * interval '1 microsecond' end,
        online_until = case when u.online_until >= 0
          then 'epoch'::timestamptz + u.online_until * interval '1 microsecond' else '-infinity' end
      from unnest($1::uuid[], $2::int8[], $3::int8[], $4::int8[], $5::int8[])
        as u (device_id, sequence, last_seen, online_until, epoch)
      where r.device_id = u.device_id
      """,
      [
        .uuidArray(devices.map(\.id.bytes)),
        .int8Array(devices.map { Int64($0.entry.device.position.sequence) }),
        .int8Array(devices.map { microseconds($0.entry.device.lastSeen) }),
        .int8Array(devices.map { microseconds($0.entry.device.onlineUntil) }),
        .int8Array(devices.map { Int64(bitPattern: $0.entry.device.position.epoch) }),
      ])
  }

  /// Microseconds since 1970; -1 for never.
  static func microseconds(_ date: Date?) -> Int64 {
    date.map { PostgresTimestamp($0).microsecondsSince1970 } ?? -1
  }

  /// What the devices run. The numbers that they have seen are not given out again, and a version that they were never
  /// given is marked.
  private static func states(_ devices: [Touched]) -> PostgresStatement {
    let states = devices.compactMap { (id, entry) in entry.device.reported.map { (id: id, state: $0) } }
    return PostgresStatement(
      """
      update registry.devices d
      set reported_version = nullif(u.version, 0), reported_digest = nullif(u.digest, ''), reported_slot = u.slot,
        reported_status = u.status, reported_reason = u.reason,
        reported_at = 'epoch'::timestamptz + u.at * interval '1 microsecond',
        failed_version = nullif(u.failed_version, 0), failed_digest = nullif(u.failed_digest, ''),
        failed_reason = u.failed_reason, switch_gap_nanoseconds = u.switch_gap,
        waiting_version = case when u.waiting_reason <> '' then u.waiting_version end,
        waiting_reason = nullif(u.waiting_reason, ''),
        waiting_since = case when u.waiting_reason <> '' and u.waiting_since >= 0
          then 'epoch'::timestamptz + u.waiting_since * interval '1 microsecond' end,
        highest_version = greatest(
          d.highest_version, case when greatest(u.version, u.failed_version) <= $12
            then greatest(u.version, u.failed_version) else 0 end),
        divergence = case
          when u.version > 0 and not exists (
            select 1 from registry.firmware f
            where f.device_id = u.id and f.version = u.version and f.digest = u.digest) then 'unknown-version'
          when d.desired_version is not null and greatest(u.version, u.failed_version) >= d.desired_version
            and (u.version, u.digest) is distinct from (d.desired_version, d.desired_digest)
            and (u.failed_version, u.failed_digest) is distinct from (d.desired_version, d.desired_digest)
            then 'ahead'
          else '' end
      from unnest(
        $1::uuid[], $2::int8[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::int8[], $9::bytea[],
        $10::text[], $11::int8[], $13::int8[], $14::text[], $15::int8[]
      ) as u (
        id, version, digest, slot, status, reason, at, failed_version, failed_digest, failed_reason, switch_gap,
        waiting_version, waiting_reason, waiting_since)
      where d.id = u.id
      """,
      [
        .uuidArray(states.map(\.id.bytes)), .int8Array(states.map { Int64($0.state.running?.version ?? 0) }),
        .byteaArray(states.map { $0.state.running?.digest.bytes ?? [] }), .textArray(states.map(\.state.slot)),
        .textArray(states.map(\.state.status.rawValue)), .textArray(states.map(\.state.reason)),
        .int8Array(states.map { microseconds($0.state.at) }),
        .int8Array(states.map { Int64($0.state.failed?.version ?? 0) }),
        .byteaArray(states.map { $0.state.failed?.digest.bytes ?? [] }), .textArray(states.map(\.state.failedReason)),
        .int8Array(states.map { Int64($0.state.switchGapNanoseconds) }),
        .int8(Int64(FirmwareReference.highestPlausibleVersion)),
        .int8Array(states.map { Int64(clamping: $0.state.waiting?.version ?? 0) }),
        .textArray(states.map { $0.state.waiting?.reason ?? "" }),
        .int8Array(states.map { microseconds($0.state.waiting?.since) }),
      ])
  }

  /// Puts notifications into the outbox, and gives a row if it put any.
  private static func queueing(_ firmware: [FirmwareKey]) -> PostgresStatement {
    // Joined with what is desired now: it may have changed since it was read.
    PostgresStatement(
      """
      with queued as (
        insert into registry.outbox (device_id, version, cause)
        select d.id, d.desired_version, 'reconciled'
        from unnest($1::uuid[], $2::int8[]) as u (device_id, version)
          join registry.devices d on d.id = u.device_id and d.desired_version = u.version
          and d.decommissioned_at is null
        order by d.id
        on conflict (device_id, version) do nothing
        returning device_id
      )
      select pg_notify($3, '') from (select 1 from queued limit 1) as any_queued
      """,
      [
        .uuidArray(firmware.map(\.device.bytes)), .int8Array(firmware.map { Int64($0.version) }),
        .text(RegistrySchema.outboxChannel),
      ])
  }
}
