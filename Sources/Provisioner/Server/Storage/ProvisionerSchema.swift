package import PostgreSQL

/// The tables of the Provisioner.
package enum ProvisionerSchema {
  /// Brings the schema `provisioner` to what this program needs.
  package static func migrator() throws(MigrationError) -> Migrator {
    try Migrator(schema: "provisioner", migrations: migrations)
  }

  /// Up to 3 each changed what programs before it relied on. Those after it only add, so that a release runs beside the
  /// one before: see docs/upgrades.md.
  static let migrations = [claims, authority, enrolment, revocations]

  private static let claims = Migration(
    version: 1, name: "claims", compatibleFrom: 1,
    script: """
      create table claims (
        id uuid primary key,
        token_hash bytea not null constraint claims_token_once unique check (length(token_hash) = 32),
        count int8 not null check (count > 0),
        used int8 not null default 0 constraint claims_not_overused check (used between 0 and count),
        product text not null,
        tags text[] not null,
        name_prefix text not null,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz not null,
        revoked_at timestamptz
      );
      create index claims_newest_first on claims (created_at desc, id desc);

      create table enrolments (
        claim_id uuid not null references claims (id),
        serial text not null,
        number int8 not null,
        device_id uuid not null constraint enrolments_device_once unique,
        name text not null,
        state text not null check (state in ('reserved', 'registered')),
        reserved_at timestamptz not null default clock_timestamp(),
        registered_at timestamptz,
        primary key (claim_id, serial),
        constraint enrolments_number_once unique (claim_id, number)
      );
      """)
}
