import PostgreSQL

extension ProvisionerSchema {
  /// Revocations in publications, of which each has a number and what came with it; and devices' newest certificates.
  ///
  /// The columns of `issuers` that hold a CRL with everything are for programs of the release before this one.
  static let revocations = Migration(
    version: 4, name: "revocations in publications", compatibleFrom: 3,
    script: """
      alter table certificates
        -- Whether it has a distribution point, so that a list can be about it alone. A program that knows nothing of
        -- this makes certificates without.
        add column has_list_name boolean not null default false,
        -- The publication that told of its revocation.
        add column revision int8,
        -- In DER, of the newest of a device alone: who asks again gets the same.
        add column certificate bytea;
      create index certificates_published on certificates (revision, issuer, serial_number)
        where revision is not null;
      create index certificates_unpublished on certificates (issuer, not_after)
        where revoked_at is not null and revision is null;

      alter table revocation_state
        add column revision int8 not null default 0,
        -- Of that revision, random: a restored database gives numbers again.
        add column nonce bytea not null default '',
        add column published_at timestamptz;

      create table revocation_revisions (
        revision int8 primary key,
        nonce bytea not null,
        published_at timestamptz not null default clock_timestamp()
      );

      create table revocation_lists (
        issuer bytea not null references issuers (key_hash),
        number int8 not null,
        kind text not null check (kind in ('first', 'full', 'partial')),
        revision int8 not null,
        nonce bytea not null,
        crl bytea not null,
        entry_count int8 not null,
        this_update timestamptz not null,
        published_at timestamptz not null default clock_timestamp(),
        primary key (issuer, number)
      );
      create index revocation_lists_by_revision on revocation_lists (revision, issuer, number);
      """)
}
