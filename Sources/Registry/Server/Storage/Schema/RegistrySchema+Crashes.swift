import PostgreSQL

extension RegistrySchema {
  /// Reports of apps that crashed.
  ///
  /// The report is a serialised `CrashReport`, and so are its last log lines by themselves, which lists leave out. Both
  /// are kept out of line, so that going through many crashes reads only what they are grouped by.
  static let crashes: SQLScript = """
    create table registry.crashes (
      number bigint generated always as identity primary key,
      device_id uuid not null references registry.devices (id) on delete cascade,
      report_id uuid not null,
      app_name text collate "C" not null,
      group_id text collate "C" not null,
      received_at timestamptz not null default clock_timestamp(),
      report bytea not null,
      last_lines bytea not null,
      unique (device_id, report_id)
    ) with (toast_tuple_target = 128);
    create index crashes_by_device on registry.crashes (device_id, number);
    create index crashes_by_app on registry.crashes (app_name, number);
    """

  /// What became of each version of a device's firmware, and why one was not kept.
  static let firmwareHistory: SQLScript = """
    alter table registry.firmware
      add trial_at timestamptz,
      add confirmed_at timestamptz,
      add failed_at timestamptz,
      add failed_status text,
      add failed_reason text,
      add switch_gap_nanoseconds bigint not null default 0;
    alter table registry.devices
      add failed_reason text not null default '',
      add switch_gap_nanoseconds bigint not null default 0;
    """
}
