import CPostgreSQL

/// The statements that a session has prepared, so that the server reads and analyses the text of each once.
///
/// Bounded by the number of texts in the program: a text is made of literals alone, see ``SQL``.
struct PreparedStatements {
  private struct Key: Hashable {
    let sql: SQL
    let types: [PostgresType]
  }

  /// How many are prepared in a session; further ones are run without preparation.
  private static let maximumCount = 200
  private var names: [Key: String] = [:]
  private var made = 0

  /// How a statement is to be run.
  enum Use {
    case ready(name: String)
    /// The statement is to be prepared under this name first.
    case fresh(name: String)
    case unprepared
  }

  /// How to run this statement now, remembering it if it is to be prepared.
  mutating func use(of statement: PostgresStatement) -> Use {
    // What has no values is a BEGIN or the like.
    guard !statement.values.isEmpty else { return .unprepared }
    let key = Key(sql: statement.sql, types: statement.values.map(\.type))
    if let name = names[key] { return .ready(name: name) }
    guard names.count < Self.maximumCount else { return .unprepared }
    made += 1
    let name = "p\(made)"
    names[key] = name
    return .fresh(name: name)
  }

  /// Forgets these after a failure, because which of the new ones the server has is not known. Their names are not
  /// used again.
  mutating func forget(_ forgotten: Set<String>) {
    names = names.filter { !forgotten.contains($0.value) }
  }
}

extension ConnectionHandle {
  /// Sends many statements without waiting for the answers between them. Outside a transaction
  /// block all of them are one transaction.
  func runPipeline(_ statements: [PostgresStatement], _ watch: inout Watch) throws(PostgresError) -> [ResultHandle] {
    for statement in statements { try Self.checkSendable(statement) }
    var fresh: Set<String> = []
    // The answers of statements, among those of preparations.
    var wanted: [Int] = []
    var sent = 0
    do throws(PostgresError) {
      let results = try pipelined(answers: 2 * statements.count, &watch) { watch throws(PostgresError) in
        for (index, statement) in statements.enumerated() {
          switch prepared.use(of: statement) {
          case .unprepared: try send(statement)
          case .ready(let name): try send(statement, preparedAs: name)
          case .fresh(let name):
            fresh.insert(name)
            try prepare(statement, as: name)
            sent += 1
            try send(statement, preparedAs: name)
          }
          wanted.append(sent)
          sent += 1
          if index % flushInterval == flushInterval - 1 { try flush(&watch) }
        }
      }
      guard results.count == sent else {
        throw abandon(PostgresError(.misuse, "a statement of a pipeline gave no answer"))
      }
      return wanted.map { results[$0] }
    } catch {
      prepared.forget(fresh)
      // A table was changed in a way that a prepared statement can't follow, or somebody removed it: a new session can.
      if error.sqlState?.errorClass == "0A" || error.sqlState?.errorClass == "26" { throw abandon(error) }
      throw error
    }
  }

  private func prepare(_ statement: PostgresStatement, as name: String) throws(PostgresError) {
    let types = statement.values.map { Oid($0.type.oid) } + [0]
    guard unsafe PQsendPrepare(pointer, name, statement.sql.text, CInt(statement.values.count), types) == 1 else {
      throw sendFailure()
    }
  }

  private func send(_ statement: PostgresStatement, preparedAs name: String) throws(PostgresError) {
    let sent = unsafe withParameters(statement.values) { _, pointers, lengths, formats in
      unsafe PQsendQueryPrepared(pointer, name, CInt(statement.values.count), pointers, lengths, formats, 1)
    }
    guard sent == 1 else { throw sendFailure() }
  }
}
