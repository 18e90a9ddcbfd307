package import Foundations
import PostgreSQL
import RegistryDomain

extension RegistryStore {
  /// Notes which process of its agent spoke for each device, and tells when two machines have one identity.
  ///
  /// An agent makes a name for itself at each start. One that was replaced by another and then speaks again did not end:
  /// both live. Names of reports that came late must not be given here.
  ///
  /// - Parameter runs: 16 hexadecimal digits for each device.
  package func note(_ runs: [DeviceID: String]) async throws {
    guard !runs.isEmpty else { return }
    let ordered = runs.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
    _ = try await read { connection in
      try await connection.query(
        """
        with said as (
          select u.device_id, u.run from unnest($1::uuid[], $2::text[]) as u (device_id, run)
            join registry.devices d on d.id = u.device_id
            left join registry.device_runs r on r.device_id = u.device_id
          where r.run is distinct from u.run
          order by u.device_id
        ), noted as (
          insert into registry.device_runs as r (device_id, run) select device_id, run from said
          on conflict (device_id) do update
          set run = excluded.run,
            earlier = (array[r.run] || array_remove(r.earlier, excluded.run))[1:8],
            cloned_at = case when excluded.run = any(r.earlier) then statement_timestamp() else r.cloned_at end,
            told_at = case
              when excluded.run = any(r.earlier)
                and coalesce(r.told_at < statement_timestamp() - interval '1 hour', true)
              then statement_timestamp() else r.told_at
            end
          where r.run <> excluded.run
          returning r.device_id, r.run, r.told_at
        )
        insert into registry.events (device_id, kind, detail)
        select device_id, $3, jsonb_build_object('run', run) from noted
        where told_at = statement_timestamp()
        """,
        [
          .uuidArray(ordered.map(\.key.bytes)), .textArray(ordered.map(\.value)),
          .text(RegistryEvent.Kind.identityCloned.rawValue),
        ])
    }
  }
}
