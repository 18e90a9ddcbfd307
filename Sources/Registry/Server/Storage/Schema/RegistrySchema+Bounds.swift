import PostgreSQL

extension RegistrySchema {
  /// What keeps one device from taking everybody's room, and what shows that one does not do its work.
  ///
  /// - `removals`: of a device that has more events than one transaction should remove, those up to a row are to go. The
  ///   device may be deleted, or only have more events than are kept, and then those of `kinds`.
  /// - Health depends on the time, so what is kept is until when a crash counts, and of which version the newest was: see
  ///   ``DeviceRow``.
  static let bounds: SQLScript = """
    create table registry.removals (
      device_id uuid primary key,
      events_through bigint not null,
      kinds text[],
      requested_at timestamptz not null default clock_timestamp()
    );
    create index removals_by_age on registry.removals (requested_at);

    alter table registry.crashes
      add occurred_at timestamptz,
      add version bigint;
    alter table registry.devices
      add restarting_until timestamptz,
      add crash_looping_until timestamptz,
      add crashed_version bigint,
      add health_reason text not null default '';
    create index devices_restarting on registry.devices (restarting_until) where restarting_until is not null;
    """
}
