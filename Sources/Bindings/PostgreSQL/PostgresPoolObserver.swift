/// Is told what a pool does, to count it. Called from wherever that happens, so it must not block.
package protocol PostgresPoolObserver: Sendable {
  /// A caller got a connection for which it waited that long, the making of one included.
  func lent(after wait: Duration)

  /// A caller got no connection.
  func refused(_ error: PostgresError)

  /// A connection to the server was made.
  func connected()

  /// The server answered, or was waited for in vain.
  ///
  /// - Parameters:
  ///   - statements: how many were sent together.
  ///   - beginsTransaction: false for those that go on with one.
  func performed(statements: Int, beginsTransaction: Bool, in duration: Duration, failure: PostgresError?)
}

extension PostgresOperation {
  /// How many statements the server runs for it.
  var statementCount: Int {
    switch self {
    case .statement, .script, .copyIn: 1
    case .pipeline(let statements): statements.count
    case .batch(_, let rows): rows.count
    }
  }
}
