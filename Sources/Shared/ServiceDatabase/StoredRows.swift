package import Foundations
package import PostgreSQL

extension DeviceID {
  /// The ID of a device in a column of a row.
  ///
  /// - Throws: `PostgresError.unknownForm` if it has not 16 bytes.
  package init(stored bytes: [UInt8]) throws {
    guard let id = DeviceID(bytes: bytes) else { throw PostgresError.unknownForm }
    self = id
  }
}

extension PostgresError {
  /// The error for a row that only a newer program could have written.
  package static var unknownForm: PostgresError {
    PostgresError(.decoding, "a row of the database is of a form that this program does not know")
  }
}
