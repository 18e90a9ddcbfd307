/// Brings a schema to the version that the program needs. Any number of processes may do it at the
/// same time: each migration is applied once, in its own transaction, under an advisory lock.
///
/// Older programs may run beside it, and be started again, for as long as every migration that they don't know says so
/// (``Migration/compatibleFrom``). What a database has is in two tables, because the programs of the first releases take
/// every row of `schema_migrations` that they don't know for a reason to stop: migrations that those go on working after
/// are in `schema_additions`, which they don't look at.
package struct Migrator: Sendable {
  private let schema: SQLIdentifier
  private let migrations: [Migration]

  /// - Throws: `invalid` if the schema's name is more than lower-case letters, digits and `_`, or
  ///   the versions are not 1, 2, 3 …
  package init(schema: String, migrations: [Migration]) throws(MigrationError) {
    guard let identifier = SQLIdentifier(schema) else {
      throw .invalid("\(schema) can't be the name of a schema: use up to 63 lower-case letters, digits and _")
    }
    guard migrations.map(\.version) == Array(1..<(migrations.count + 1)) else {
      throw .invalid("the migrations of schema \(schema) are not numbered 1, 2, 3 …")
    }
    guard migrations.allSatisfy({ 1...$0.version ~= $0.compatibleFrom }) else {
      throw .invalid("a migration of schema \(schema) is compatible with programs from one on that is not before it")
    }
    self.schema = identifier
    self.migrations = migrations
  }

  /// The version that ``migrate(_:)`` leads to.
  package var targetVersion: Int { migrations.count }

  /// What programs of the first releases know: the migrations before the first that only adds.
  private var firstLevel: Int { migrations.prefix { $0.compatibleFrom == $0.version }.count }

  /// How long a migration waits for a table that others use. Whoever comes for the table meanwhile waits behind it.
  private static let longestLockWait = Duration.milliseconds(500)
  /// How long those have the table who came meanwhile, before it is asked for again.
  private static let lockPause = Duration.seconds(1)

  /// Applies what is missing. If a newer program has applied all of it and more, there is nothing to do.
  ///
  /// A table that a migration changes may be in use for long, as by a backup. It is asked for again and again, and let go
  /// in between, so that nobody else waits for long.
  ///
  /// - Parameter lockPatience: for how long a table is asked for.
  /// - Returns: the migrations that this call applied.
  @discardableResult
  package func migrate(
    _ pool: PostgresPool, lockPatience: Duration = .seconds(60)
  ) async throws(MigrationError) -> [Migration] {
    var applied: [Migration] = []
    let end = ContinuousClock.now + lockPatience
    while true {
      do throws(MigrationError) {
        guard let migration = try await applyNext(pool) else { return applied }
        applied.append(migration)
      } catch {
        guard case .tableInUse = error, ContinuousClock.now < end else { throw error }
        guard (try? await Task.sleep(for: Self.lockPause)) != nil else { throw error }
      }
    }
  }

  /// What the database has, oldest first; empty if it never was migrated.
  package func applied(
    _ pool: PostgresPool, by deadline: ContinuousClock.Instant? = nil
  ) async throws(MigrationError) -> [AppliedMigration] {
    try await wrapped {
      try await pool.withTransaction(deadline: deadline) { transaction in
        let tables = try await tables(transaction)
        return tables.hasMigrations ? try await read(transaction, withAdditions: tables.hasAdditions) : []
      }
    }
  }

  /// Throws unless the database has all migrations of this program, and besides them only such after which it still
  /// works.
  ///
  /// - Parameter limit: how long it may take; nil: as long as the pool allows.
  /// - Returns: those that a newer program applied.
  @discardableResult
  package func check(
    _ pool: PostgresPool, within limit: Duration? = nil
  ) async throws(MigrationError) -> [AppliedMigration] {
    let deadline = limit.map { ContinuousClock.now + $0 }
    let applied = try await applied(pool, by: deadline)
    try verify(applied, checksums: await checksums(pool, by: deadline))
    guard applied.count >= migrations.count else {
      throw .invalid(
        "schema \(schema.text) is at version \(applied.count) and this program needs \(targetVersion): run its migrate "
          + "command")
    }
    return Array(applied.dropFirst(migrations.count))
  }

  private func applyNext(_ pool: PostgresPool) async throws(MigrationError) -> Migration? {
    try await wrapped {
      // Large tables take their time, and so does waiting for another process that migrates.
      try await pool.withTransaction(statementTimeout: .seconds(3600)) { transaction -> Migration? in
        try await prepare(transaction)
        let applied = try await read(transaction, withAdditions: true)
        let checksums = try await checksums(transaction)
        try verify(applied, checksums: checksums)
        guard applied.count < migrations.count else { return nil }
        let migration = migrations[applied.count]
        do throws(PostgresError) {
          try await transaction.executeScript(migration.script)
        } catch {
          if error.sqlState == .lockNotAvailable {
            throw MigrationError.tableInUse(schema: schema.text, version: migration.version, name: migration.name)
          }
          if error.isTransient { throw error }
          throw MigrationError.failed(
            schema: schema.text, version: migration.version, name: migration.name, error)
        }
        let isHidden = migration.version > firstLevel && migration.compatibleFrom <= firstLevel
        let table = isHidden ? "schema_additions" : "schema_migrations"
        try await transaction.execute(
          composed(
            "insert into \(schema.text).\(table) (version, name, checksum, compatible_from) values ($1, $2, $3, $4)"),
          [
            .int(migration.version), .text(migration.name), .bytea(checksums[applied.count]),
            .int(migration.compatibleFrom),
          ])
        return migration
      }
    }
  }

  /// Takes the lock, which the end of the transaction releases, and makes the schema.
  private func prepare(_ transaction: PostgresTransaction) async throws(PostgresError) {
    // A program that is killed leaves its statement behind, with all locks, until the server looks whether it is there.
    // Servers before PostgreSQL 14 can't.
    try await transaction.query(
      "select set_config(name, '1s', true) from pg_settings where name = 'client_connection_check_interval'")
    try await transaction.query(
      "select pg_advisory_xact_lock(hashtextextended($1, 0))", [.text("schema migrations of \(schema.text)")])
    // From here on: for the lock itself the others wait as long as it takes.
    try await transaction.query(
      "select set_config('lock_timeout', $1, true)",
      [.text("\(Self.longestLockWait.components.attoseconds / 1_000_000_000_000_000)ms")])
    // Asked first, because `create … if not exists` wants rights that it does not need then.
    let tables = try await tables(transaction)
    if !tables.hasMigrations {
      try await transaction.execute(composed("create schema if not exists \(schema.text)"))
      try await transaction.execute(
        composed(
          """
          create table \(schema.text).schema_migrations (
            version int8 primary key,
            name text not null,
            checksum bytea not null,
            applied_at timestamptz not null default now()
          )
          """))
    }
    if !tables.hasAdditions {
      // A program of the first releases, which doesn't name the column, applies only what is compatible with itself.
      try await transaction.execute(composed("alter table \(schema.text).schema_migrations add compatible_from int8"))
      try await transaction.execute(
        composed(
          """
          create table \(schema.text).schema_additions (
            version int8 primary key,
            name text not null,
            checksum bytea not null,
            applied_at timestamptz not null default now(),
            compatible_from int8 not null
          )
          """))
    }
    try await transaction.query("select set_config('search_path', $1, true)", [.text("\(schema.text), public")])
  }

  /// Which of the two tables there are: the second came later.
  private func tables(
    _ executor: some PostgresExecutor
  ) async throws(PostgresError) -> (hasMigrations: Bool, hasAdditions: Bool) {
    let row = try await executor.queryFirst(
      "select to_regclass($1) is not null as migrations, to_regclass($2) is not null as additions",
      [.text("\(schema.text).schema_migrations"), .text("\(schema.text).schema_additions")])
    return (try row?["migrations"].bool ?? false, try row?["additions"].bool ?? false)
  }

  private func read(
    _ executor: some PostgresExecutor, withAdditions: Bool
  ) async throws(PostgresError) -> [AppliedMigration] {
    let statement =
      withAdditions
      ? """
      select version, name, checksum, applied_at, coalesce(compatible_from, version) as compatible_from
      from \(schema.text).schema_migrations
      union all
      select version, name, checksum, applied_at, compatible_from from \(schema.text).schema_additions
      order by version
      """
      : """
      select version, name, checksum, applied_at, version as compatible_from
      from \(schema.text).schema_migrations order by version
      """
    return try await executor.query(composed(statement)).map { row throws(PostgresError) in
      AppliedMigration(
        version: try row["version"].int, name: try row["name"].text, appliedAt: try row["applied_at"].date,
        compatibleFrom: try row["compatible_from"].int, checksum: try row["checksum"].bytes)
    }
  }

  /// SHA-256 of each script, made by the server.
  private func checksums(_ executor: some PostgresExecutor) async throws(PostgresError) -> [[UInt8]] {
    let rows = try await executor.query(
      "select sha256(script) as checksum from unnest($1) with ordinality as scripts (script, place) order by place",
      [.byteaArray(migrations.map { Array($0.script.text.utf8) })])
    var checksums: [[UInt8]] = []
    for row in rows { checksums.append(try row["checksum"].bytes) }
    return checksums
  }

  private func checksums(
    _ pool: PostgresPool, by deadline: ContinuousClock.Instant?
  ) async throws(MigrationError) -> [[UInt8]] {
    try await wrapped { try await pool.withConnection(deadline: deadline) { try await checksums($0) } }
  }

  private func verify(_ applied: [AppliedMigration], checksums: [[UInt8]]) throws(MigrationError) {
    for (old, (version, checksum)) in zip(applied, zip(1..., checksums)) {
      guard old.version == version, old.checksum == checksum else {
        throw .checksumDiffers(schema: schema.text, version: old.version, name: old.name)
      }
    }
    if let foreign = applied.dropFirst(migrations.count).first(where: { $0.compatibleFrom > targetVersion }) {
      throw .databaseIsNewer(
        schema: schema.text, migration: foreign.version, name: foreign.name, compatibleFrom: foreign.compatibleFrom,
        programVersion: targetVersion)
    }
  }

  /// A statement of text that is made of ``schema`` and literals alone.
  private func composed(_ text: String) -> SQL { SQL(composed: text) }

  private func wrapped<Answer>(_ body: () async throws -> Answer) async throws(MigrationError) -> Answer {
    do {
      return try await body()
    } catch let error as MigrationError {
      throw error
    } catch let error as PostgresError {
      throw .database(error)
    } catch {
      throw .database(PostgresError(.cancelled, "migrating was cancelled"))
    }
  }
}
