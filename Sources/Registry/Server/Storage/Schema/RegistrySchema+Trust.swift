import PostgreSQL

extension RegistrySchema {
  /// The director's keys, without their private halves, and the root documents.
  static let trust: SQLScript = """
    create table registry.director_keys (
      key_id bytea primary key check (octet_length(key_id) = 8),
      public_key bytea not null check (octet_length(public_key) = 32),
      state text not null check (state in ('next', 'active', 'retired')),
      created_at timestamptz not null default clock_timestamp()
    );
    create unique index one_director_signs on registry.director_keys (state) where state = 'active';
    create unique index one_director_waits on registry.director_keys (state) where state = 'next';

    create table registry.root_documents (
      version bigint primary key check (version > 0),
      document bytea not null,
      expires_at timestamptz not null,
      published_at timestamptz not null default clock_timestamp()
    );
    """

  /// Takes the lock that is held by whoever makes or exchanges keys of the director, or publishes a root document.
  static let trustLock: SQL = "select pg_advisory_xact_lock(hashtextextended('registry.trust', 0))"
}
