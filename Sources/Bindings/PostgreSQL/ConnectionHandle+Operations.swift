import CPostgreSQL

extension ConnectionHandle {
  /// Does one operation from its first byte to the server's last, and leaves the connection ready
  /// for the next, or broken.
  func run(_ operation: PostgresOperation, _ watch: Watch) throws(PostgresError) -> [ResultHandle] {
    guard !isBroken else {
      throw PostgresError(.connectionLost, "the database connection is closed")
    }
    guard !watch.interrupt.isTriggered else {
      throw PostgresError(.cancelled, "cancelled before the database statement was sent")
    }
    guard ContinuousClock.now < watch.deadline else {
      throw PostgresError(.deadlineExceeded, "the deadline passed before the database statement was sent")
    }
    var watch = watch
    do throws(PostgresError) {
      switch operation {
      case .statement(let statement):
        try send(statement)
        return try collectResults(&watch)
      case .script(let script):
        guard unsafe PQsendQuery(pointer, script.text) == 1 else { throw sendFailure() }
        return try collectResults(&watch)
      case .pipeline(let statements):
        return try runPipeline(statements, &watch)
      case .batch(let sql, let rows):
        return try runBatch(sql, rows, &watch)
      case .copyIn(let sql, let rows):
        return try runCopyIn(sql, rows, &watch)
      }
    } catch {
      throw classify(error, watch)
    }
  }

  /// Tells an error of the server from a cancel that we asked for and from a broken connection.
  private func classify(_ error: PostgresError, _ watch: Watch) -> PostgresError {
    if let interruption = watch.interruption, error.sqlState == .queryCanceled || isBroken {
      return interruption
    }
    guard isBroken, error.kind == .server else { return error }
    var error = error
    error.kind = .connectionLost
    return error
  }

  /// Why a statement could not be handed to libpq.
  func sendFailure() -> PostgresError {
    lastFailure(isBroken ? .connectionLost : .misuse)
  }

  /// Hands one statement to libpq, to be sent by ``flush(_:)``.
  func send(_ statement: PostgresStatement) throws(PostgresError) {
    try Self.checkSendable(statement)
    let sent = unsafe withParameters(statement.values) { types, pointers, lengths, formats in
      unsafe PQsendQueryParams(
        pointer, statement.sql.text, CInt(statement.values.count), types, pointers, lengths, formats, 1)
    }
    guard sent == 1 else { throw sendFailure() }
  }

  /// Refuses what libpq or the protocol would cut short: texts with U+0000, and too many values.
  static func checkSendable(_ statement: PostgresStatement) throws(PostgresError) {
    guard !statement.sql.text.utf8.contains(0) else {
      throw PostgresError(.misuse, "a statement contains U+0000")
    }
    // The protocol counts values in 16 bits.
    guard statement.values.count <= Int(UInt16.max) else {
      throw PostgresError(.misuse, "a statement has \(statement.values.count) values, at most 65535 go: use an array")
    }
  }

  /// Sends what is waiting, and takes what arrives meanwhile, so that neither side waits for the
  /// other with full buffers.
  func flush(_ watch: inout Watch) throws(PostgresError) {
    while true {
      let status = unsafe PQflush(pointer)
      guard status >= 0 else { throw lastFailure(.server) }
      if status == 0 { return }
      try awaitSocket(writing: true, &watch)
      guard unsafe PQconsumeInput(pointer) != 0 else { throw lastFailure(.server) }
    }
  }

  /// The next result, or nil at the end of the statement.
  func nextResult(_ watch: inout Watch) throws(PostgresError) -> ResultHandle? {
    while unsafe PQisBusy(pointer) != 0 {
      try awaitSocket(writing: false, &watch)
      guard unsafe PQconsumeInput(pointer) != 0 else { throw lastFailure(.server) }
    }
    return unsafe PQgetResult(pointer).map { unsafe ResultHandle($0) }
  }

  /// - Throws: the first complaint of the server, after the last result was read.
  func collectResults(_ watch: inout Watch) throws(PostgresError) -> [ResultHandle] {
    try flush(&watch)
    var results: [ResultHandle] = []
    var failure: PostgresError?
    do throws(PostgresError) {
      while let result = try nextResult(&watch) {
        if let complaint = result.failure {
          failure = failure ?? complaint
        } else {
          results.append(result)
          // A COPY that was sent as a plain statement would go on for ever.
          if result.status == PGRES_COPY_IN || result.status == PGRES_COPY_OUT {
            throw abandon(PostgresError(.misuse, "COPY needs copyIn"))
          }
        }
      }
    } catch {
      // What the server said before it hung up tells more than that it hung up.
      throw failure ?? error
    }
    if let failure { throw failure }
    return results
  }

  /// Calls `body` with the arrays that libpq takes; they are valid only inside it.
  func withParameters<Answer>(
    _ values: [PostgresValue],
    _ body: (
      UnsafePointer<Oid>, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>, UnsafePointer<CInt>
    ) -> Answer
  ) -> Answer {
    let types = values.map { Oid($0.type.oid) } + [0]
    let lengths = values.map { CInt(clamping: $0.bytes?.count ?? 0) } + [0]
    let formats = [CInt](repeating: 1, count: values.count + 1)
    // One block for all values; never empty, because a nil pointer would mean NULL.
    var block: [CChar] = []
    block.reserveCapacity(lengths.reduce(1) { $0 + Int($1) })
    for value in values { block.append(contentsOf: (value.bytes ?? []).lazy.map { CChar(bitPattern: $0) }) }
    block.append(0)
    return unsafe block.withUnsafeBufferPointer { block in
      var offset = 0
      var pointers: [UnsafePointer<CChar>?] = unsafe []
      unsafe pointers.reserveCapacity(values.count + 1)
      for value in values {
        unsafe pointers.append(value.bytes == nil ? nil : block.baseAddress! + offset)
        offset += value.bytes?.count ?? 0
      }
      unsafe pointers.append(nil)
      return unsafe body(types, pointers, lengths, formats)
    }
  }
}
