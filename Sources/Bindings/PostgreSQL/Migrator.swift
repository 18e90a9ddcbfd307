/// Brings a schema to the version that the program needs. Any number of processes may do it at the
/// same time: each migration is applied once, in its own transaction, under an advisory lock.
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
    self.schema = identifier
    self.migrations = migrations
  }

  /// The version that ``migrate(_:)`` leads to.
  package var targetVersion: Int { migrations.count }

  /// Applies what is missing.
  ///
  /// - Returns: the migrations that this call applied.
  @discardableResult
  package func migrate(_ pool: PostgresPool) async throws(MigrationError) -> [Migration] {
    var applied: [Migration] = []
    while let migration = try await applyNext(pool) { applied.append(migration) }
    return applied
  }

  /// What the database has, oldest first; empty if it never was migrated.
  package func applied(_ pool: PostgresPool) async throws(MigrationError) -> [AppliedMigration] {
    try await wrapped {
      try await pool.withTransaction { transaction in
        let exists = try await transaction.queryFirst(
          "select to_regclass($1) is not null as exists", [.text("\(schema.text).schema_migrations")])
        guard try exists?["exists"].bool == true else { return [] }
        return try await read(transaction)
      }
    }
  }

  /// Throws unless the database has exactly the migrations of this program.
  package func check(_ pool: PostgresPool) async throws(MigrationError) {
    let applied = try await applied(pool)
    try verify(applied, checksums: await checksums(pool))
    guard applied.count == migrations.count else {
      throw .invalid(
        "schema \(schema.text) is at version \(applied.count) and this program needs \(targetVersion): run its migrate command"
      )
    }
  }

  private func applyNext(_ pool: PostgresPool) async throws(MigrationError) -> Migration? {
    try await wrapped {
      // Large tables take their time, and so does waiting for another process that migrates.
      try await pool.withTransaction(statementTimeout: .seconds(3600)) { transaction -> Migration? in
        try await prepare(transaction)
        let applied = try await read(transaction)
        let checksums = try await checksums(transaction)
        try verify(applied, checksums: checksums)
        guard applied.count < migrations.count else { return nil }
        let migration = migrations[applied.count]
        do throws(PostgresError) {
          try await transaction.executeScript(migration.script)
        } catch {
          if error.isTransient { throw error }
          throw MigrationError.failed(
            schema: schema.text, version: migration.version, name: migration.name, error)
        }
        try await transaction.execute(
          composed("insert into \(schema.text).schema_migrations (version, name, checksum) values ($1, $2, $3)"),
          [.int(migration.version), .text(migration.name), .bytea(checksums[applied.count])])
        return migration
      }
    }
  }

  /// Takes the lock, which the end of the transaction releases, and makes the schema.
  private func prepare(_ transaction: PostgresTransaction) async throws(PostgresError) {
    try await transaction.query(
      "select pg_advisory_xact_lock(hashtextextended($1, 0))", [.text("schema migrations of \(schema.text)")])
    // Asked first, because `create … if not exists` wants rights that it does not need then.
    let exists = try await transaction.queryFirst(
      "select to_regclass($1) is not null as exists", [.text("\(schema.text).schema_migrations")])
    if try exists?["exists"].bool != true {
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
    try await transaction.query("select set_config('search_path', $1, true)", [.text("\(schema.text), public")])
  }

  private func read(_ executor: some PostgresExecutor) async throws(PostgresError) -> [AppliedMigration] {
    let rows = try await executor.query(
      composed("select version, name, checksum, applied_at from \(schema.text).schema_migrations order by version"))
    var applied: [AppliedMigration] = []
    for row in rows {
      applied.append(
        AppliedMigration(
          version: try row["version"].int, name: try row["name"].text, appliedAt: try row["applied_at"].date,
          checksum: try row["checksum"].bytes))
    }
    return applied
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

  private func checksums(_ pool: PostgresPool) async throws(MigrationError) -> [[UInt8]] {
    try await wrapped { try await pool.withConnection { try await checksums($0) } }
  }

  private func verify(_ applied: [AppliedMigration], checksums: [[UInt8]]) throws(MigrationError) {
    for (index, old) in applied.enumerated() {
      guard index < migrations.count else {
        throw .databaseIsNewer(
          schema: schema.text, databaseVersion: applied.last?.version ?? 0, programVersion: targetVersion)
      }
      guard old.version == index + 1, old.checksum == checksums[index] else {
        throw .checksumDiffers(schema: schema.text, version: old.version, name: old.name)
      }
    }
  }

  /// Only for text made of ``schema`` and literals.
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
