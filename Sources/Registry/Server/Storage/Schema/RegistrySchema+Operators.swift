import PostgreSQL

extension RegistrySchema {
  /// Tokens, the audit log, and devices that were taken out of service.
  ///
  /// - Entries of the audit log get their IDs under a lock that the commit releases, as events do, so that whoever
  ///   follows it misses none. The lock is taken as a transaction's last statement, after all rows and before the
  ///   events' at the commit.
  /// - The log can only grow. Old entries leave it through `remove_audit` alone, and never those of the last day: a
  ///   role that may not alter the table has no way to hide what it just did. The database's clock dates them.
  /// - `revocations` holds what the Provisioner must still be told, with whom to name as the one who asked.
  static let operators: SQLScript = """
    create table registry.tokens (
      number bigint generated always as identity primary key,
      id uuid not null unique,
      name text collate "C" not null,
      hash bytea not null unique check (octet_length(hash) = 32),
      scopes text[] not null check (cardinality(scopes) > 0),
      created_at timestamptz not null default clock_timestamp(),
      created_by text not null,
      expires_at timestamptz,
      last_used_at timestamptz,
      revoked_at timestamptz
    ) with (fillfactor = 80);
    create unique index tokens_by_name on registry.tokens (name) where revoked_at is null;

    create table registry.audit (
      id bigint primary key,
      at timestamptz not null,
      principal text collate "C" not null,
      action text collate "C" not null,
      target text collate "C" not null,
      source text collate "C" not null,
      outcome text not null check (outcome in ('allowed', 'refused')),
      detail jsonb not null
    );
    create index audit_by_principal on registry.audit (principal, id);
    create index audit_by_action on registry.audit (action, id);
    create index audit_by_target on registry.audit (target, id);
    create index audit_by_time on registry.audit (at);
    create sequence registry.audit_ids;

    create function registry.number_audit() returns trigger language plpgsql as $body$
      begin
        perform pg_advisory_xact_lock(hashtextextended('registry.audit', 0));
        new.id := nextval('registry.audit_ids');
        new.at := clock_timestamp();
        return new;
      end
    $body$;
    create trigger number_audit before insert on registry.audit
      for each row execute function registry.number_audit();

    create function registry.keep_audit() returns trigger language plpgsql as $body$
      begin
        if tg_op = 'DELETE' and current_setting('registry.removing_audit', true) = 'yes'
          and old.at < clock_timestamp() - interval '1 day'
        then
          return old;
        end if;
        raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
      end
    $body$;
    create trigger keep_audit before update or delete on registry.audit
      for each row execute function registry.keep_audit();
    create trigger keep_whole_audit before truncate on registry.audit
      for each statement execute function registry.keep_audit();

    create function registry.remove_audit(age interval, most bigint) returns bigint
      language plpgsql security definer set search_path = registry, pg_temp as $body$
      declare
        removed bigint;
      begin
        perform set_config('registry.removing_audit', 'yes', true);
        delete from registry.audit
        where id in (select a.id from registry.audit a order by a.id limit most)
          and at < clock_timestamp() - greatest(age, interval '1 day');
        get diagnostics removed = row_count;
        perform set_config('registry.removing_audit', '', true);
        return removed;
      end
    $body$;

    drop index registry.devices_by_state;
    alter table registry.devices
      drop column state,
      add decommissioned_at timestamptz;
    alter table registry.devices
      add state text not null generated always as (
        case
          when decommissioned_at is not null then 'decommissioned'
          when desired_version is null then 'unassigned'
          when reported_version = desired_version and reported_digest = desired_digest
            and reported_status = 'confirmed' then 'current'
          when failed_version = desired_version and failed_digest = desired_digest then 'failed'
          else 'pending'
        end
      ) stored;
    create index devices_by_state on registry.devices (state, name, id);

    create table registry.revocations (
      device_id uuid primary key,
      reason text not null,
      principal text not null,
      source text not null,
      attempts bigint not null default 0,
      due_at timestamptz not null default clock_timestamp(),
      last_error text,
      created_at timestamptz not null default clock_timestamp()
    );
    create index revocations_by_due_at on registry.revocations (due_at);
    """

  /// What was begun, and what failed after it was let through. Programs of the release before write neither, and read any
  /// text. Existing rows are not looked at again: they are within what is allowed now.
  static let auditOutcomes: SQLScript = """
    alter table registry.audit drop constraint audit_outcome_check;
    alter table registry.audit add constraint audit_outcome_check
      check (outcome in ('allowed', 'refused', 'begun', 'failed')) not valid;
    """

  /// Through whom the log's principals acted, and what services only say of whom they act for.
  static let auditClaims: SQLScript = """
    alter table registry.audit
      add via text collate "C" not null default '',
      add claimed text collate "C" not null default '';
    create index audit_by_claimed on registry.audit (claimed, id) where claimed <> '';
    """
}
