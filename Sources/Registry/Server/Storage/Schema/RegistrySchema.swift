package import PostgreSQL

/// The tables of the Registry, as migrations in the order in which they are applied.
///
/// Rows are locked in one order everywhere, so that no two transactions wait for each other:
/// `reports`, `devices`, `outbox`, `firmware`, `logs`, `crashes`, `revocations`; several rows of one table in the order of
/// device IDs. The audit log's lock comes after all rows.
package enum RegistrySchema {
  /// The PostgreSQL schema that holds everything of the Registry.
  static let name = "registry"

  /// The channel on which a replica tells the others that the outbox has something due.
  static let outboxChannel = "registry_outbox"

  /// Brings a database to what this program needs; any number of replicas may do so at once.
  package static func migrator() throws(MigrationError) -> Migrator {
    try Migrator(schema: name, migrations: migrations)
  }

  /// The migrations in their order. Those up to 6 each changed what programs before it relied on; those after it only
  /// add, so that a release runs beside the one before: see docs/upgrades.md.
  static let migrations = [
    Migration(
      version: 1, name: "devices, firmware, reports, outbox, events", compatibleFrom: 1, script: initial),
    Migration(version: 2, name: "logs", compatibleFrom: 2, script: logs),
    Migration(version: 3, name: "crashes", compatibleFrom: 3, script: crashes),
    Migration(version: 4, name: "what became of firmware", compatibleFrom: 4, script: firmwareHistory),
    Migration(version: 5, name: "tokens, audit, decommissioned devices", compatibleFrom: 5, script: operators),
    Migration(version: 6, name: "director keys and root documents", compatibleFrom: 6, script: trust),
    Migration(version: 7, name: "outcomes of the audit log", compatibleFrom: 6, script: auditOutcomes),
    Migration(version: 8, name: "devices and databases that went back in time", compatibleFrom: 6, script: backInTime),
    Migration(version: 9, name: "what devices wait for", compatibleFrom: 6, script: waiting),
    Migration(
      version: 10, name: "who is proven and who is claimed in the audit log", compatibleFrom: 6, script: auditClaims),
    Migration(version: 11, name: "which process of its agent speaks for a device", compatibleFrom: 6, script: runs),
    Migration(version: 12, name: "bounds of each device, health", compatibleFrom: 6, script: bounds),
    Migration(version: 13, name: "events that each device may cause", compatibleFrom: 6, script: eventAllowances),
    Migration(version: 14, name: "how versions got to their devices", compatibleFrom: 6, script: timelines),
  ]

  /// The first version: devices, firmware, reports, outbox, events.
  ///
  /// - What changes with a heartbeat is in `reports`, which has two small indexes; what lists are
  ///   filtered by is in `devices` and changes rarely, so a heartbeat touches no list index.
  /// - Names compare by code point ("C"), so that one index serves the order, the position of a
  ///   page and the prefix filter.
  /// - Events get their IDs while their transaction commits, under a lock that the commit releases: whoever has seen an
  ///   event never sees a lower ID appear after it, and so misses none by asking for higher ones.
  /// - `state` is derived by PostgreSQL itself, so it can't disagree with what it is derived from.
  static let initial: SQLScript = """
    create table registry.devices (
      id uuid primary key,
      name text collate "C" not null,
      tags text[] not null default '{}',
      serial text not null default '',
      revision bigint not null default 1,
      created_at timestamptz not null default clock_timestamp(),

      highest_version bigint not null default 0,
      desired_version bigint,
      desired_digest bytea,

      reported_version bigint,
      reported_digest bytea,
      reported_slot text,
      reported_status text,
      reported_reason text,
      reported_at timestamptz,
      failed_version bigint,
      failed_digest bytea,

      state text not null generated always as (
        case
          when desired_version is null then 'unassigned'
          when reported_version = desired_version and reported_digest = desired_digest
            and reported_status = 'confirmed' then 'current'
          when failed_version = desired_version and failed_digest = desired_digest then 'failed'
          else 'pending'
        end
      ) stored,

      check ((desired_version is null) = (desired_digest is null)),
      check ((failed_version is null) = (failed_digest is null))
    );
    create index devices_by_name on registry.devices (name, id);
    create index devices_by_state on registry.devices (state, name, id);
    create index devices_by_tag on registry.devices using gin (tags);

    create table registry.reports (
      device_id uuid primary key references registry.devices (id) on delete cascade,
      sequence bigint not null default 0,
      last_seen timestamptz,
      online_until timestamptz not null default '-infinity'
    ) with (fillfactor = 80);
    create index reports_by_online_until on registry.reports (online_until);

    create table registry.firmware (
      device_id uuid not null references registry.devices (id) on delete cascade,
      version bigint not null check (version > 0),
      digest bytea not null check (octet_length(digest) = 32),
      length_bytes bigint not null check (length_bytes > 0),
      app_name text not null,
      app_version text not null,
      security_epoch bigint not null,
      host_api_level bigint not null,
      publisher_key_id bytea not null,
      publisher_signature bytea not null,
      configuration bytea not null check (octet_length(configuration) = 512),
      idempotency_key text collate "C" not null,
      created_at timestamptz not null default clock_timestamp(),
      notified_at timestamptz,
      primary key (device_id, version),
      unique (device_id, idempotency_key)
    ) with (fillfactor = 90);

    create table registry.outbox (
      device_id uuid not null,
      version bigint not null,
      cause text not null check (cause in ('assigned', 'requested', 'reconciled')),
      due_at timestamptz not null default clock_timestamp(),
      claimed_until timestamptz,
      claim uuid,
      attempts bigint not null default 0,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      ready_at timestamptz not null generated always as (greatest(due_at, claimed_until)) stored,
      primary key (device_id, version),
      foreign key (device_id, version) references registry.firmware (device_id, version) on delete cascade
    );
    create index outbox_by_ready_at on registry.outbox (ready_at);

    create table registry.events (
      row_id bigint generated always as identity primary key,
      id bigint unique,
      device_id uuid not null,
      kind text not null,
      at timestamptz not null default clock_timestamp(),
      detail jsonb not null
    );
    create index events_by_device on registry.events (device_id, id);
    create sequence registry.event_ids;
    create function registry.number_event() returns trigger language plpgsql as $body$
      begin
        perform pg_advisory_xact_lock(hashtextextended('registry.events', 0));
        update registry.events set id = nextval('registry.event_ids') where row_id = new.row_id;
        return null;
      end
    $body$;
    create constraint trigger number_events after insert on registry.events
      deferrable initially deferred for each row execute function registry.number_event();

    create table registry.retired_versions (
      device_id uuid primary key,
      highest_version bigint not null
    );
    comment on table registry.retired_versions is
      'The highest version of each deleted device: made again under the same ID, it goes on from there.';
    """

  /// What a device says it waits for on its way to another version; null: nothing.
  static let waiting: SQLScript = """
    alter table registry.devices
      add waiting_version bigint,
      add waiting_reason text,
      add waiting_since timestamptz;
    """
}
