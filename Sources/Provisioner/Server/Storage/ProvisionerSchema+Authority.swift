import PostgreSQL

extension ProvisionerSchema {
  /// What was issued, what was taken back, and what everybody is told of it.
  static let authority = Migration(
    version: 2, name: "authority", compatibleFrom: 2,
    script: """
      -- The one row: what GetRevocations answers grows with every change of roots and CRLs.
      create table revocation_state (
        only_row boolean primary key default true check (only_row),
        state int8 not null default 1,
        generation int8 not null default 0,
        trust_roots text not null default ''
      );
      insert into revocation_state default values;

      create table issuers (
        key_hash bytea primary key check (length(key_hash) = 32),
        certificate bytea not null,
        not_after timestamptz not null,
        first_seen timestamptz not null default clock_timestamp(),
        -- How many changes there were to what it took back, and how many of them its CRL has.
        changes int8 not null default 0,
        crl_changes int8 not null default -1,
        crl bytea,
        crl_number int8 not null default 0,
        crl_this_update timestamptz,
        crl_next_update timestamptz
      );

      create table certificates (
        issuer bytea not null references issuers (key_hash),
        serial_number bytea not null check (length(serial_number) between 1 and 20),
        device_id uuid,
        subject text not null,
        public_key_hash bytea not null check (length(public_key_hash) = 32),
        not_before timestamptz not null,
        not_after timestamptz not null,
        issued_at timestamptz not null default clock_timestamp(),
        revoked_at timestamptz,
        revocation_reason text,
        primary key (issuer, serial_number)
      );
      create index certificates_of_device on certificates (device_id, not_after desc) where device_id is not null;
      create index certificates_revoked on certificates (issuer, not_after) where revoked_at is not null;

      create table revoked_devices (
        device_id uuid primary key,
        reason text not null,
        requester text not null,
        revoked_at timestamptz not null default clock_timestamp(),
        -- When a Notifier is next asked to end the live session; null once that is done with.
        next_disconnect_at timestamptz default clock_timestamp()
      );
      create index revoked_devices_connected on revoked_devices (next_disconnect_at)
        where next_disconnect_at is not null;
      """)
}
