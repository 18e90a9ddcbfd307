import PostgreSQL

extension RegistrySchema {
  /// Which process of its agent spoke last for each device, and which before it, newest first: for telling two machines
  /// with one identity. It changes when an agent starts, not with its reports.
  static let runs: SQLScript = """
    create table registry.device_runs (
      device_id uuid primary key references registry.devices (id) on delete cascade,
      run text collate "C" not null,
      earlier text[] not null default '{}',
      cloned_at timestamptz,
      told_at timestamptz
    );
    """
}
