/// A row of an answer.
package struct PostgresRow: Sendable {
  let result: ResultHandle
  let index: Int

  /// The cell of the column with that name. If there is none, reading the cell throws.
  package subscript(_ column: String) -> PostgresCell {
    PostgresCell(result: result, row: index, column: result.columns[column], name: column)
  }
}

/// A value of a row, decoded when it is read as the type that its column must have.
package struct PostgresCell: Sendable {
  let result: ResultHandle
  let row: Int
  let column: Int?
  let name: String

  /// Nil where the cell is NULL, for columns that may be: `try row["reason"].optional?.text`.
  package var optional: PostgresCell? {
    guard let column else { return self }
    return result.isNull(row: row, column: column) ? nil : self
  }

  /// Whether the cell is NULL.
  package var isNull: Bool { optional == nil }

  /// The cell's bytes in PostgreSQL's binary format.
  ///
  /// - Parameter asked: the type that it is read as, for the error.
  /// - Throws: `decoding` if there is no such column, the cell is NULL, or its type is not allowed.
  func raw(_ asked: StaticString, allowing isAllowed: (PostgresType) -> Bool) throws(PostgresError) -> [UInt8] {
    guard let column else {
      throw PostgresError(.decoding, "the answer has no column \(name)")
    }
    guard !result.isNull(row: row, column: column) else {
      throw PostgresError(.decoding, "column \(name) is NULL, and was read as \(asked): read it as optional")
    }
    let type = result.type(ofColumn: column)
    guard isAllowed(type) else {
      throw PostgresError(
        .decoding,
        "column \(name) has the type with OID \(type.oid), and was read as \(asked): cast it in the statement")
    }
    return result.bytes(row: row, column: column)
  }

  func malformed(_ asked: StaticString) -> PostgresError {
    PostgresError(.decoding, "column \(name) can't be read as \(asked)")
  }
}
