import CPostgreSQL

/// Owns a `PGresult`.
// Sound: a PGresult never changes once libpq has returned it, and libpq allows any thread to read it.
@safe final class ResultHandle: @unchecked Sendable {
  private let pointer: OpaquePointer
  let columns: [String: Int]

  init(_ pointer: OpaquePointer) {
    unsafe self.pointer = unsafe pointer
    var columns: [String: Int] = [:]
    for index in unsafe 0..<PQnfields(pointer) {
      // The first of several columns of one name wins.
      // A COPY tells its columns' number without their names.
      guard let text = unsafe PQfname(pointer, index) else { continue }
      let name = unsafe String(cString: text)
      if columns[name] == nil { columns[name] = Int(index) }
    }
    self.columns = columns
  }

  deinit {
    unsafe PQclear(pointer)
  }

  var status: ExecStatusType { unsafe PQresultStatus(pointer) }
  var rowCount: Int { unsafe Int(PQntuples(pointer)) }

  /// The tag of the command that was done, such as `INSERT 0 1` or `COMMIT`.
  var commandTag: String { unsafe String(cString: PQcmdStatus(pointer)) }

  /// How many rows the command touched; 0 for commands that touch none.
  var affectedRowCount: Int { unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

  func type(ofColumn column: Int) -> PostgresType {
    unsafe PostgresType(oid: PQftype(pointer, CInt(column)))
  }

  func isNull(row: Int, column: Int) -> Bool {
    unsafe PQgetisnull(pointer, CInt(row), CInt(column)) != 0
  }

  /// The value in PostgreSQL's binary format; empty for a NULL.
  func bytes(row: Int, column: Int) -> [UInt8] {
    let count = unsafe Int(PQgetlength(pointer, CInt(row), CInt(column)))
    guard let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column)) else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  private func field(_ code: Int32) -> String? {
    unsafe PQresultErrorField(pointer, code).map { unsafe String(cString: $0) }
  }

  /// The server's complaint, or nil if this result is none.
  var failure: PostgresError? {
    guard status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || status == PGRES_NONFATAL_ERROR else {
      return nil
    }
    let message = unsafe field(ErrorField.primaryMessage) ?? libpqMessage(PQresultErrorMessage(pointer))
    var error = PostgresError(.server, message)
    error.sqlState = field(ErrorField.sqlState).map { SQLState(rawValue: $0) }
    error.severity = field(ErrorField.severity)
    error.detail = field(ErrorField.detail)
    error.hint = field(ErrorField.hint)
    error.schema = field(ErrorField.schema)
    error.table = field(ErrorField.table)
    error.column = field(ErrorField.column)
    error.constraint = field(ErrorField.constraint)
    return error
  }
}

/// libpq's PG_DIAG_ codes (`postgres_ext.h`), character macros that Swift does not import.
private enum ErrorField {
  /// The severity that is never translated.
  static let severity = Int32(UInt8(ascii: "V"))
  static let sqlState = Int32(UInt8(ascii: "C"))
  static let primaryMessage = Int32(UInt8(ascii: "M"))
  static let detail = Int32(UInt8(ascii: "D"))
  static let hint = Int32(UInt8(ascii: "H"))
  static let schema = Int32(UInt8(ascii: "s"))
  static let table = Int32(UInt8(ascii: "t"))
  static let column = Int32(UInt8(ascii: "c"))
  static let constraint = Int32(UInt8(ascii: "n"))
}

/// A message of libpq in one line.
@unsafe func libpqMessage(_ text: UnsafePointer<CChar>?) -> String {
  guard let text = unsafe text else { return "libpq gave no reason" }
  let lines = unsafe String(cString: text).split(whereSeparator: \.isNewline)
  let line = lines.map { $0.drop(while: \.isWhitespace) }.joined(separator: ", ")
  return line.isEmpty ? "libpq gave no reason" : line
}
