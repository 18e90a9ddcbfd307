import FoundationEssentials

/// One step of a schema's history, with a `name` for people. Once released, it never changes.
package struct Migration: Sendable {
  /// The migration's number, from 1 and growing by 1.
  package let version: Int
  package let name: String
  /// The least level of programs that go on working after it, a program's level being the newest migration that it
  /// knows. Its own version: it changes what older programs rely on, so they must not run beside it. Less: it only adds.
  package let compatibleFrom: Int
  /// Run with the schema first in the search path, inside a transaction.
  package let script: SQLScript

  package init(version: Int, name: String, compatibleFrom: Int, script: SQLScript) {
    self.version = version
    self.name = name
    self.compatibleFrom = compatibleFrom
    self.script = script
  }
}

/// A migration that a database has: its `version` and `name`, as the program that applied it knew them, and when that
/// was (`appliedAt`).
package struct AppliedMigration: Sendable {
  package let version: Int
  package let name: String
  let appliedAt: Date
  /// See ``Migration/compatibleFrom``.
  package let compatibleFrom: Int
  let checksum: [UInt8]
}

/// Why a schema could not be brought to the version that the program needs, or does not fit the program.
package enum MigrationError: Error, Sendable {
  /// The database was migrated by a newer program, with a migration after which this one does not work.
  case databaseIsNewer(schema: String, migration: Int, name: String, compatibleFrom: Int, programVersion: Int)
  /// A released migration was changed afterwards, or two programs share the schema.
  case checksumDiffers(schema: String, version: Int, name: String)
  case failed(schema: String, version: Int, name: String, PostgresError)
  /// Something else had a table that the migration changes, all the time that it was waited for.
  case tableInUse(schema: String, version: Int, name: String)
  case database(PostgresError)
  /// The program's list of migrations is wrong.
  case invalid(String)
}

extension MigrationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .databaseIsNewer(let schema, let migration, let name, let compatibleFrom, let programVersion):
      "a newer program brought schema \(schema) to migration \(migration) (\(name)), which works with programs that know "
        + "at least migration \(compatibleFrom), and this one knows \(programVersion): run the newer program instead, or "
        + "restore the database's backup of before the upgrade to go back to this one"
    case .checksumDiffers(let schema, let version, let name):
      "migration \(version) (\(name)) of schema \(schema) was applied with another content than this program has: "
        + "this is not the program that made this database; restore the right one, or use another database"
    case .failed(let schema, let version, let name, let error):
      "migration \(version) (\(name)) of schema \(schema) failed and was rolled back: \(error)"
    case .tableInUse(let schema, let version, let name):
      "migration \(version) (\(name)) of schema \(schema) can't have a table that something else uses, such as a backup or a "
        + "session that was left open: end that, or wait for it (pg_stat_activity says what runs since when)"
    case .database(let error):
      error.description
    case .invalid(let reason):
      reason
    }
  }
}
