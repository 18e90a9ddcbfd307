import DeviceProtocol
import FoundationEssentials
import Foundations
import PostgreSQL
import RegistryDomain
import TextFormats

/// What devices made of their versions, as a batch of reports tells, noted with the versions.
///
/// A batch may tell of a version's trial and its end: each version is in each statement once, as PostgreSQL changes a
/// row once in a statement.
struct ReportedHistory {
  private struct Key: Hashable {
    let device: DeviceID
    let reference: FirmwareReference
  }

  private struct Run {
    let at: Date
    var isConfirmed: Bool
    var switchGapNanoseconds: UInt64
    var timing: DeviceTiming?
  }

  private struct Failure {
    let at: Date
    let status: RunStatus
    let reason: String
  }

  private var order: [Key] = []
  private var runs: [Key: Run] = [:]
  private var failures: [Key: Failure] = [:]

  init(_ devices: [ReportWrites.Touched]) {
    for (id, entry) in devices {
      for state in entry.changes.compactMap(\.state) { add(state, of: id) }
    }
  }

  private mutating func add(_ state: ReportedState, of id: DeviceID) {
    if let running = state.running, !state.status.isFailure {
      let key = Key(device: id, reference: running)
      note(key)
      var run = runs[key] ?? Run(at: state.at, isConfirmed: false, switchGapNanoseconds: 0)
      run.isConfirmed = run.isConfirmed || state.status == .confirmed
      if state.switchGapNanoseconds > 0 { run.switchGapNanoseconds = state.switchGapNanoseconds }
      if let timing = state.timing, timing.version == running.version { run.timing = timing }
      runs[key] = run
    }
    if let failed = state.failed, state.status.isFailure {
      let key = Key(device: id, reference: failed)
      note(key)
      failures[key] = Failure(at: state.at, status: state.status, reason: state.failedReason)
    }
  }

  /// Keeps the keys in the order of devices, as all transactions lock rows.
  private mutating func note(_ key: Key) {
    if runs[key] == nil, failures[key] == nil { order.append(key) }
  }

  var statements: [PostgresStatement] { [runStatement, failureStatement].compactMap { $0 } }

  private var runStatement: PostgresStatement? {
    let rows = order.compactMap { key in runs[key].map { (key: key, run: $0) } }
    guard !rows.isEmpty else { return nil }
    return PostgresStatement(
      """
      update registry.firmware f
      set trial_at = coalesce(f.trial_at, u.at),
        confirmed_at = case when u.confirmed > 0 then coalesce(f.confirmed_at, u.at) else f.confirmed_at end,
        switch_gap_nanoseconds = case when u.gap > 0 then u.gap else f.switch_gap_nanoseconds end,
        timeline = case when u.timing = '' then f.timeline
          else coalesce(f.timeline, '{}') || jsonb_build_object('device', u.timing::jsonb, 'recorded',
            (extract(epoch from clock_timestamp() - f.created_at) * 1000000)::int8) end
      from (
        select device_id, version, digest, 'epoch'::timestamptz + microseconds * interval '1 microsecond' as at,
          confirmed, gap, timing
        from unnest($1::uuid[], $2::int8[], $3::bytea[], $4::int8[], $5::int8[], $6::int8[], $7::text[])
          as t (device_id, version, digest, microseconds, confirmed, gap, timing)
      ) as u
      where f.device_id = u.device_id and f.version = u.version and f.digest = u.digest
      """,
      [
        .uuidArray(rows.map(\.key.device.bytes)), .int8Array(rows.map { Int64($0.key.reference.version) }),
        .byteaArray(rows.map(\.key.reference.digest.bytes)),
        .int8Array(rows.map { ReportWrites.microseconds($0.run.at) }),
        .int8Array(rows.map { $0.run.isConfirmed ? 1 : 0 }),
        .int8Array(rows.map { Int64($0.run.switchGapNanoseconds) }),
        .textArray(rows.map { $0.run.timing?.json.text ?? "" }),
      ])
  }

  private var failureStatement: PostgresStatement? {
    let rows = order.compactMap { key in failures[key].map { (key: key, failure: $0) } }
    guard !rows.isEmpty else { return nil }
    return PostgresStatement(
      """
      update registry.firmware f
      set failed_at = 'epoch'::timestamptz + u.microseconds * interval '1 microsecond',
        failed_status = u.status, failed_reason = u.reason
      from unnest($1::uuid[], $2::int8[], $3::bytea[], $4::int8[], $5::text[], $6::text[])
        as u (device_id, version, digest, microseconds, status, reason)
      where f.device_id = u.device_id and f.version = u.version and f.digest = u.digest
        and (f.failed_status, f.failed_reason) is distinct from (u.status, u.reason)
      """,
      [
        .uuidArray(rows.map(\.key.device.bytes)), .int8Array(rows.map { Int64($0.key.reference.version) }),
        .byteaArray(rows.map(\.key.reference.digest.bytes)),
        .int8Array(rows.map { ReportWrites.microseconds($0.failure.at) }),
        .textArray(rows.map(\.failure.status.rawValue)), .textArray(rows.map(\.failure.reason)),
      ])
  }
}
