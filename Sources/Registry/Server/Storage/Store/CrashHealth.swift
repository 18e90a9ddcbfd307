import Foundations
import PostgreSQL
import RegistryDomain
import Wire

/// What crashes say of the health of their devices: see ``DeviceHealth``.
enum CrashHealth {
  /// 2020: a device whose clock says less has no clock, and the time of receipt counts.
  private static let leastNanoseconds: Int64 = 1_577_836_800_000_000_000

  /// When the crash happened, in microseconds since 1970; -1 if the device's clock does not know.
  ///
  /// So a report that comes late, because its device was out of reach, says nothing of its health now.
  static func microseconds(_ crash: Crash) -> Int64 {
    let nanoseconds = Int64(clamping: crash.report.realtimeNanoseconds)
    return nanoseconds < leastNanoseconds ? -1 : nanoseconds / 1_000
  }

  /// Works out the health of the crashes' devices. The statement runs with those that store the crashes, before them.
  ///
  /// The crashes of one version count together: those of the version before say nothing of the one that took its
  /// place.
  static func noting(_ crashes: [Crash]) -> PostgresStatement {
    PostgresStatement(
      """
      with recent as (
        select distinct on (c.device_id) c.device_id, c.version, count(*) as count, max(c.at) as last
        from (
          select u.device_id, u.version, case when u.at < 0 then clock_timestamp()
            else least(clock_timestamp(), 'epoch'::timestamptz + u.at * interval '1 microsecond') end as at
          from unnest($1::uuid[], $2::int8[], $5::int8[]) as u (device_id, at, version)
          union all
          select k.device_id, k.version, coalesce(k.occurred_at, k.received_at) from registry.crashes k
          where k.device_id = any($1)
        ) as c
        where c.at > clock_timestamp() - $3 * interval '1 minute'
        group by c.device_id, c.version
        order by c.device_id, max(c.at) desc, c.version desc
      )
      update registry.devices d
      set restarting_until = recent.last + $3 * interval '1 minute',
        crash_looping_until = case
          when recent.count >= $4 then recent.last + $3 * interval '1 minute'
          when d.crashed_version = recent.version then d.crash_looping_until end,
        crashed_version = recent.version,
        health_reason = recent.count || case when recent.count = 1 then ' crash' else ' crashes' end
          || ' within ' || $3 || ' minutes'
      from recent where d.id = recent.device_id
      """,
      [
        .uuidArray(crashes.map(\.device.bytes)), .int8Array(crashes.map(microseconds)),
        .int(DeviceHealth.windowMinutes), .int(DeviceHealth.crashLoop),
        .int8Array(crashes.map { Int64($0.report.firmwareVersion) }),
      ])
  }
}
