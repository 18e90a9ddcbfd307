/// What a short transaction writes, and the `answer` that its caller gets.
package struct ShortTransactionPlan<Answer: Sendable>: Sendable {
  /// Sent with the commit, so that the locks that they take are never held while anybody waits for the network.
  package let writes: [PostgresStatement]
  package let answer: Answer

  package init(_ answer: Answer, writes: [PostgresStatement]) {
    self.writes = writes
    self.answer = answer
  }
}

extension PostgresPool {
  /// A transaction in two round trips, however many statements it has: the first begins it and reads, the second writes
  /// and commits. Without anything to read the second is the only one.
  ///
  /// Both run again from the start when another transaction was in the way (SQLSTATE 40001, 40P01), so `plan` must have
  /// no effect outside.
  ///
  /// - Parameters:
  ///   - reads: each sees what was committed before it began itself, so one that waited for a lock is followed by one
  ///     that reads what the lock protects.
  ///   - plan: is given the rows of each of `reads`.
  /// - Returns: the plan's answer, and the rows of each of its `writes`.
  /// - Throws: what `plan` throws, or a ``PostgresError``; `commitOutcomeUnknown` if the connection broke while writing
  ///   and committing. After `deadlineExceeded` and `cancelled` nobody knows either whether it committed.
  package func withShortTransaction<Answer: Sendable>(
    reading reads: [PostgresStatement],
    attempts: Int = 5,
    deadline: ContinuousClock.Instant? = nil,
    _ plan: @Sendable ([[PostgresRow]]) throws -> ShortTransactionPlan<Answer>
  ) async throws -> (answer: Answer, rows: [[PostgresRow]]) {
    try await repeatingOnConflict(attempts: attempts, deadline: deadline) { lease in
      try await attemptShortTransaction(lease, reads, plan)
    }
  }

  private func attemptShortTransaction<Answer: Sendable>(
    _ lease: Lease, _ reads: [PostgresStatement],
    _ plan: @Sendable ([[PostgresRow]]) throws -> ShortTransactionPlan<Answer>
  ) async throws -> (answer: Answer, rows: [[PostgresRow]]) {
    do {
      let begin = PostgresStatement(PostgresIsolation.readCommitted.begin)
      guard !reads.isEmpty else {
        let made = try plan([])
        return (made.answer, Array(try await finish(lease, with: [begin] + made.writes).dropFirst()))
      }
      let read = try await lease.perform(.pipeline([begin] + reads)).dropFirst().map(\.rows)
      let made = try plan(Array(read))
      return (made.answer, try await finish(lease, with: made.writes))
    } catch {
      // A tidy end frees the locks now. If it fails, the connection is closed, which does too.
      if lease.server.health == .inTransaction {
        _ = try? await lease.server.perform(
          .statement(PostgresStatement("rollback")), deadline: .now + .seconds(5), isShielded: true)
      }
      throw error
    }
  }

  private func finish(_ lease: Lease, with writes: [PostgresStatement]) async throws(PostgresError) -> [[PostgresRow]] {
    let results: [PostgresResult]
    do {
      results = try await lease.perform(.pipeline(writes + [PostgresStatement("commit")]))
    } catch {
      guard error.kind == .connectionLost else { throw error }
      var unknown = error
      unknown.kind = .commitOutcomeUnknown
      unknown.message =
        "the database connection broke while committing, which may have happened or not: \(error.message)"
      throw unknown
    }
    guard results.last?.commandTag == "COMMIT" else {
      throw PostgresError(.misuse, "the transaction was rolled back although none of its statements failed")
    }
    return results.dropLast().map(\.rows)
  }
}
