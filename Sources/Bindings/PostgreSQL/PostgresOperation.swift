/// A statement with its values.
package struct PostgresStatement: Sendable, Hashable {
  let sql: SQL
  let values: [PostgresValue]

  package init(_ sql: SQL, _ values: [PostgresValue] = []) {
    self.sql = sql
    self.values = values
  }
}

/// What a connection does in one go.
package enum PostgresOperation: Sendable {
  case statement(PostgresStatement)
  /// Several statements in one text, without values: one transaction unless it says otherwise.
  case script(SQLScript)
  /// Sent together; one transaction, unless inside one already.
  case pipeline([PostgresStatement])
  /// One statement for many rows of values, sent together; one transaction, unless inside one already.
  case batch(SQL, [[PostgresValue]])
  /// `COPY … FROM STDIN (FORMAT BINARY)` with the rows; the values' types must be those of the columns.
  case copyIn(SQL, [[PostgresValue]])
}

/// What became of one statement, and the `rows` that it gave.
package struct PostgresResult: Sendable {
  let handle: ResultHandle

  package var rows: [PostgresRow] {
    (0..<handle.rowCount).map { PostgresRow(result: handle, index: $0) }
  }

  /// How many rows the statement inserted, changed, deleted or gave.
  package var affectedRowCount: Int { handle.affectedRowCount }

  /// The tag of the command that was done, such as `INSERT 0 1` or `COMMIT`.
  package var commandTag: String { handle.commandTag }
}
