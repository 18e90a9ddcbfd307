import PostgreSQL

extension RegistrySchema {
  /// What devices and databases need that were restored from a backup, and events by the batch. Programs of the
  /// release before work with it.
  ///
  /// - `reports.epoch`: of the flash that the sequence is counted on; 0: of a device that names none.
  /// - `devices.divergence`: why what the device says does not fit what it was given; empty: it fits.
  /// - `log_marks.run`: the run of the device's agent whose lines are the newest stored.
  /// - `append_events` numbers many events at once, under the lock that `number_event` takes for each by itself. It
  ///   is the last statement of a transaction, sent together with the commit: who holds the lock waits for nothing
  ///   else. So it is not for transactions that write to the audit log, whose lock comes before.
  static let backInTime: SQLScript = """
    alter table registry.reports add epoch bigint not null default 0;
    alter table registry.devices add divergence text not null default '';
    alter table registry.log_marks add run bigint not null default 0;

    drop trigger number_events on registry.events;
    create constraint trigger number_events after insert on registry.events
      deferrable initially deferred for each row when (new.id is null) execute function registry.number_event();

    create function registry.append_events(devices uuid[], kinds text[], details text[]) returns bigint
      language plpgsql as $body$
      declare
        appended bigint;
      begin
        if coalesce(cardinality(devices), 0) = 0 then
          return 0;
        end if;
        perform pg_advisory_xact_lock(hashtextextended('registry.events', 0));
        insert into registry.events (id, device_id, kind, detail)
        select nextval('registry.event_ids'), e.device_id, e.kind, e.detail::jsonb
        from (
          select u.device_id, u.kind, u.detail
          from unnest(devices, kinds, details) with ordinality as u (device_id, kind, detail, place)
          order by u.place
        ) as e;
        get diagnostics appended = row_count;
        return appended;
      end
    $body$;
    """
}
