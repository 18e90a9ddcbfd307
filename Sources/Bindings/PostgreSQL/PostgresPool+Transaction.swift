/// How much a transaction sees of others: chapter 13 of PostgreSQL's manual. `readCommitted` is what PostgreSQL does
/// by itself; with the others a conflict ends one of the transactions, which is then run again.
package enum PostgresIsolation: Sendable {
  case readCommitted
  case repeatableRead
  case serializable

  var begin: SQL {
    switch self {
    case .readCommitted: "begin isolation level read committed"
    case .repeatableRead: "begin isolation level repeatable read"
    case .serializable: "begin isolation level serializable"
    }
  }
}

extension PostgresPool {
  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws, and run
  /// again from the start when another transaction was in its way (SQLSTATE 40001, 40P01), so it
  /// must have no effect outside the transaction.
  ///
  /// - Parameters:
  ///   - attempts: how often `body` runs at most.
  ///   - statementTimeout: how long one statement may run, if other than in the pool's options.
  ///   - deadline: when everything must be done, if sooner than the pool's own limits say.
  /// - Throws: what `body` throws, or a ``PostgresError``; `commitOutcomeUnknown` if the connection
  ///   broke while committing.
  package func withTransaction<Answer: Sendable>(
    isolation: PostgresIsolation = .readCommitted,
    attempts: Int = 5,
    statementTimeout: Duration? = nil,
    deadline: ContinuousClock.Instant? = nil,
    _ body: @Sendable (PostgresTransaction) async throws -> Answer
  ) async throws -> Answer {
    try await repeatingOnConflict(attempts: attempts, deadline: deadline, statementTimeout: statementTimeout) { lease in
      try await attemptTransaction(lease, isolation, statementTimeout, body)
    }
  }

  /// Runs `body` with a connection, again with another one when another transaction was in its way.
  func repeatingOnConflict<Answer: Sendable>(
    attempts: Int, deadline: ContinuousClock.Instant?, statementTimeout: Duration? = nil,
    _ body: (Lease) async throws -> Answer
  ) async throws -> Answer {
    var attempt = 1
    while true {
      let lease = try await lend(deadline: deadline, statementTimeout: statementTimeout)
      do {
        let answer = try await body(lease)
        await takeBack(lease)
        return answer
      } catch let error as PostgresError where error.isTransactionConflict && attempt < attempts {
        await takeBack(lease)
        // The connection is free for others while this one waits for its rivals to finish.
        let ceiling = Duration.milliseconds(5) * (1 << min(attempt, 6))
        try await Task.sleep(for: ceiling * Double.random(in: 0...1))
        attempt += 1
      } catch {
        await takeBack(lease)
        throw error
      }
    }
  }

  private func attemptTransaction<Answer: Sendable>(
    _ lease: Lease, _ isolation: PostgresIsolation, _ statementTimeout: Duration?,
    _ body: @Sendable (PostgresTransaction) async throws -> Answer
  ) async throws -> Answer {
    _ = try await lease.perform(.statement(PostgresStatement(isolation.begin)))
    let answer: Answer
    do {
      if let statementTimeout {
        _ = try await lease.perform(
          .statement(
            PostgresStatement(
              "select set_config('statement_timeout', $1, true)", [.text(SessionLimits.milliseconds(statementTimeout))])
          ))
      }
      answer = try await body(PostgresTransaction(lease: lease))
    } catch {
      // A tidy end frees the locks now. If it fails, the connection is closed, which does too.
      _ = try? await lease.server.perform(
        .statement(PostgresStatement("rollback")), deadline: .now + .seconds(5), isShielded: true)
      throw error
    }
    try await commit(lease)
    return answer
  }

  /// Commits, and is not stopped by a cancelled task: once sent, a commit can't be taken back.
  private func commit(_ lease: Lease) async throws(PostgresError) {
    let result: PostgresResult?
    do {
      result = try await lease.server.perform(
        .statement(PostgresStatement("commit")), deadline: .now + options.statementTimeout, isShielded: true
      ).last
    } catch {
      guard error.kind == .connectionLost || error.kind == .deadlineExceeded else { throw error }
      var unknown = error
      unknown.kind = .commitOutcomeUnknown
      unknown.message =
        "the database connection broke while committing, which may have happened or not: \(error.message)"
      throw unknown
    }
    // PostgreSQL answers the commit of a failed transaction with success and this tag.
    guard result?.commandTag == "COMMIT" else {
      throw PostgresError(
        .misuse, "a statement of the transaction failed and its error was ignored, so the transaction was rolled back")
    }
  }
}
