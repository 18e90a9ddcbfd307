package import FoundationEssentials

/// One step of a schema's history. Once released, it never changes.
package struct Migration: Sendable {
  /// From 1, growing by 1.
  package let version: Int
  package let name: String
  /// Run with the schema first in the search path, inside a transaction.
  let script: SQLScript

  package init(version: Int, name: String, script: SQLScript) {
    self.version = version
    self.name = name
    self.script = script
  }
}

/// A migration that a database has.
package struct AppliedMigration: Sendable {
  package let version: Int
  package let name: String
  package let appliedAt: Date
  let checksum: [UInt8]
}

package enum MigrationError: Error, Sendable {
  /// The database was migrated by a newer program.
  case databaseIsNewer(schema: String, databaseVersion: Int, programVersion: Int)
  /// A released migration was changed afterwards, or two programs share the schema.
  case checksumDiffers(schema: String, version: Int, name: String)
  case failed(schema: String, version: Int, name: String, PostgresError)
  case database(PostgresError)
  /// The program's list of migrations is wrong.
  case invalid(String)
}

extension MigrationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .databaseIsNewer(let schema, let databaseVersion, let programVersion):
      "schema \(schema) is at version \(databaseVersion), and this program knows versions up to \(programVersion): "
        + "run a program at least as new as the one that migrated the database"
    case .checksumDiffers(let schema, let version, let name):
      "migration \(version) (\(name)) of schema \(schema) was applied with another content than this program has: "
        + "this is not the program that made this database; restore the right one, or use another database"
    case .failed(let schema, let version, let name, let error):
      "migration \(version) (\(name)) of schema \(schema) failed and was rolled back: \(error)"
    case .database(let error):
      error.description
    case .invalid(let reason):
      reason
    }
  }
}
