import PostgreSQL

extension RegistrySchema {
  /// The channel on which a replica tells the others whose logs have new lines; the payload is the device's UUID.
  static let logChannel = "registry_logs"

  /// Lines of devices' logs.
  ///
  /// - A device's lines hang on its row in `logs` and not on the device, so that a deleted device's many lines can be
  ///   removed in small batches: its row loses the device at once, and is removed after its last line.
  /// - That row is locked while lines are added, so cursors appear in their order, and it knows how much there is:
  ///   nothing ever counts lines.
  /// - `log_marks` says up to which ID each log of a device is stored, so a repeat is told without looking at lines,
  ///   even after they were trimmed.
  /// - Lines have no foreign key: each would look its parent up, and whoever adds or removes lines has it locked.
  static let logs: SQLScript = """
    create table registry.logs (
      number bigint generated always as identity primary key,
      device_id uuid unique references registry.devices (id) on delete set null,
      last_cursor bigint not null default 0,
      size_bytes bigint not null default 0,
      oldest_at timestamptz,
      followed_until timestamptz
    ) with (fillfactor = 70);
    create index logs_by_oldest_at on registry.logs (oldest_at);
    create index logs_of_deleted_devices on registry.logs (number) where device_id is null;

    create table registry.log_marks (
      log_number bigint not null references registry.logs (number) on delete cascade,
      log_id text collate "C" not null,
      stored_through bigint not null,
      last_cursor bigint not null,
      primary key (log_number, log_id)
    ) with (fillfactor = 70);

    create table registry.log_lines (
      log_number bigint not null,
      cursor bigint not null,
      line_id bigint not null,
      realtime_nanoseconds bigint not null,
      monotonic_nanoseconds bigint not null,
      firmware_version bigint not null,
      received_at timestamptz not null,
      level integer not null check (level between 0 and 3),
      source text not null,
      line text not null,
      primary key (log_number, cursor)
    );
    """
}
