import CPostgreSQL

extension ConnectionHandle {
  /// Prepares a statement and runs it once for each row of values, pipelined.
  func runBatch(_ sql: SQL, _ rows: [[PostgresValue]], _ watch: inout Watch) throws(PostgresError) -> [ResultHandle] {
    guard let first = rows.first else { return [] }
    for row in rows { try Self.checkSendable(PostgresStatement(sql, row)) }
    let results = try pipelined(answers: rows.count + 1, &watch) { watch throws(PostgresError) in
      // The unnamed statement, which the next one replaces.
      let types = first.map { Oid($0.type.oid) } + [0]
      guard unsafe PQsendPrepare(pointer, "", sql.text, CInt(first.count), types) == 1 else { throw sendFailure() }
      for (index, row) in rows.enumerated() {
        let sent = unsafe withParameters(row) { _, pointers, lengths, formats in
          unsafe PQsendQueryPrepared(pointer, "", CInt(row.count), pointers, lengths, formats, 1)
        }
        guard sent == 1 else { throw sendFailure() }
        if index % flushInterval == flushInterval - 1 { try flush(&watch) }
      }
    }
    return Array(results.dropFirst())
  }

  /// After how many statements the output that libpq has gathered is sent: fewer system calls than after each, and
  /// libpq's buffer stays small.
  var flushInterval: Int { 64 }

  /// Does `send` in libpq's pipeline mode, and gathers the results of all that it sent.
  ///
  /// - Parameter answers: how many results to expect, so that there is room for them.
  /// - Throws: the first complaint of the server, after everything was read.
  func pipelined(
    answers: Int, _ watch: inout Watch, send: (inout Watch) throws(PostgresError) -> Void
  ) throws(PostgresError) -> [ResultHandle] {
    guard unsafe PQenterPipelineMode(pointer) == 1 else { throw sendFailure() }
    do throws(PostgresError) {
      try send(&watch)
      guard unsafe PQpipelineSync(pointer) == 1 else { throw sendFailure() }
      try flush(&watch)
    } catch {
      // Half a pipeline can't be taken back.
      throw abandon(error)
    }
    var results: [ResultHandle] = []
    results.reserveCapacity(answers)
    var failure: PostgresError?
    // Each statement's results end with nil, and all of them with a sync result.
    var isSynced = false
    while !isSynced && !isBroken {
      do throws(PostgresError) {
        guard let result = try nextResult(&watch) else { continue }
        switch result.status {
        case PGRES_PIPELINE_SYNC: isSynced = true
        case PGRES_PIPELINE_ABORTED: continue
        default:
          if let complaint = result.failure { failure = failure ?? complaint } else { results.append(result) }
        }
      } catch {
        throw failure ?? error
      }
    }
    guard isSynced, unsafe PQexitPipelineMode(pointer) == 1 else {
      throw abandon(failure ?? lastFailure(.connectionLost))
    }
    if let failure { throw failure }
    return results
  }

  /// Sends rows by COPY in the binary format, which the statement must ask for.
  func runCopyIn(_ sql: SQL, _ rows: [[PostgresValue]], _ watch: inout Watch) throws(PostgresError) -> [ResultHandle] {
    try send(PostgresStatement(sql, []))
    try flush(&watch)
    guard let start = try nextResult(&watch) else { throw lastFailure(.server) }
    guard start.status == PGRES_COPY_IN else {
      _ = try collectResults(&watch)
      throw start.failure ?? PostgresError(.misuse, "copyIn needs COPY … FROM STDIN (FORMAT BINARY)")
    }
    // Signature, flags and length of the extension area: "Binary Format" in the manual's page on COPY.
    var block: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    for row in rows {
      block.append(bigEndian: Int16(clamping: row.count))
      for value in row {
        block.append(bigEndian: value.bytes.map { Int32(clamping: $0.count) } ?? -1)
        block += value.bytes ?? []
      }
      if block.count >= copyBlockBytes { try putCopy(&block, &watch) }
    }
    block.append(bigEndian: Int16(-1))
    try putCopy(&block, &watch)
    while true {
      let status = unsafe PQputCopyEnd(pointer, nil)
      if status == 1 { break }
      guard status == 0 else { throw lastFailure(.server) }
      try awaitSocket(writing: true, &watch)
    }
    return try collectResults(&watch)
  }

  private var copyBlockBytes: Int { 64 * 1024 }

  private func putCopy(_ block: inout [UInt8], _ watch: inout Watch) throws(PostgresError) {
    while true {
      let status = unsafe block.withUnsafeBytes { bytes in
        unsafe PQputCopyData(pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count))
      }
      if status == 1 { break }
      guard status == 0 else { throw lastFailure(.server) }
      try awaitSocket(writing: true, &watch)
      // A server that refuses the rows says so while we still send.
      guard unsafe PQconsumeInput(pointer) != 0 else { throw lastFailure(.server) }
    }
    block.removeAll(keepingCapacity: true)
    try flush(&watch)
  }
}
