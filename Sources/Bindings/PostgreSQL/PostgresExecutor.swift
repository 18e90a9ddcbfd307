/// What can run statements: a pool, a connection of it, or a transaction.
package protocol PostgresExecutor: Sendable {
  /// Runs an operation, and waits for its end.
  ///
  /// - Returns: one result for each statement.
  func perform(_ operation: PostgresOperation) async throws(PostgresError) -> [PostgresResult]
}

extension PostgresExecutor {
  /// The rows that a statement gives.
  @discardableResult
  package func query(_ sql: SQL, _ values: [PostgresValue] = []) async throws(PostgresError) -> [PostgresRow] {
    try await perform(.statement(PostgresStatement(sql, values))).last?.rows ?? []
  }

  /// The first row that a statement gives, or nil if there is none.
  package func queryFirst(_ sql: SQL, _ values: [PostgresValue] = []) async throws(PostgresError) -> PostgresRow? {
    try await query(sql, values).first
  }

  /// - Returns: how many rows the statement inserted, changed or deleted.
  @discardableResult
  package func execute(_ sql: SQL, _ values: [PostgresValue] = []) async throws(PostgresError) -> Int {
    try await perform(.statement(PostgresStatement(sql, values))).last?.affectedRowCount ?? 0
  }

  /// Sends statements together, without waiting for an answer between them. They are one
  /// transaction, or part of the one they run in; the first that fails is the error thrown.
  ///
  /// - Returns: the rows of each, in order.
  @discardableResult
  package func pipeline(_ statements: [PostgresStatement]) async throws(PostgresError) -> [[PostgresRow]] {
    try await perform(.pipeline(statements)).map(\.rows)
  }

  /// Runs one statement for each row of values, sent together: one transaction, or part of the one
  /// they run in. Values at the same place must have the same type in every row. Up to some 10,000
  /// rows at a time: all of them are held in memory.
  ///
  /// - Returns: how many rows of tables were changed in all.
  @discardableResult
  package func executeBatch(_ sql: SQL, _ rows: [[PostgresValue]]) async throws(PostgresError) -> Int {
    for row in rows where row.map(\.type) != rows[0].map(\.type) {
      throw PostgresError(.misuse, "the rows of a batch differ in the types of their values")
    }
    return try await perform(.batch(sql, rows)).reduce(0) { $0 + $1.affectedRowCount }
  }

  /// `COPY … FROM STDIN (FORMAT BINARY)`, the fastest way in for many rows. The values' types must
  /// be exactly those of the columns.
  ///
  /// - Returns: how many rows were stored.
  @discardableResult
  package func copyIn(_ sql: SQL, _ rows: [[PostgresValue]]) async throws(PostgresError) -> Int {
    try await perform(.copyIn(sql, rows)).last?.affectedRowCount ?? 0
  }

  /// Runs several statements without values, as a migration has them.
  package func executeScript(_ script: SQLScript) async throws(PostgresError) {
    _ = try await perform(.script(script))
  }
}
