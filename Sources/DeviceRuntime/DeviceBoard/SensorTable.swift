import AppLink
import Foundations

/// Values of a sensor's channels at times, as a CSV file has them: seconds, then a value for each channel. A first line
/// without numbers is a heading; empty lines and those that begin with # are passed over.
package struct SensorTable: Sendable, Equatable {
  /// The values of all channels at one moment.
  package struct Row: Sendable, Equatable {
    /// The time since the table's beginning.
    package var nanoseconds: UInt64
    /// The values, one for each channel, in millionths of its unit.
    package var microUnits: [Int64]

    package init(nanoseconds: UInt64, microUnits: [Int64]) {
      self.nanoseconds = nanoseconds
      self.microUnits = microUnits
    }
  }

  /// The most rows; a longer table is refused.
  static let maximumRows = 10_000
  /// The most columns of values; a wider table is refused.
  static let maximumColumns = 16

  /// The rows, at least one; their times grow.
  package private(set) var rows: [Row]

  /// How many columns of values there are, one for each channel.
  package var columns: Int { rows[0].microUnits.count }

  package init(rows: [Row]) throws(BoardError) {
    guard let first = rows.first else { throw BoardError("there are no values") }
    guard rows.count <= Self.maximumRows else { throw BoardError("more than \(Self.maximumRows) rows") }
    guard (1...Self.maximumColumns).contains(first.microUnits.count) else {
      throw BoardError("each row has 1 to \(Self.maximumColumns) values after its time")
    }
    for (before, row) in zip(rows, rows.dropFirst()) {
      guard row.nanoseconds > before.nanoseconds else { throw BoardError("times must grow from row to row") }
      guard row.microUnits.count == first.microUnits.count else {
        throw BoardError("all rows must have equally many values")
      }
    }
    self.rows = rows
  }

  /// Reads a table.
  ///
  /// - Parameter name: of the file, for errors.
  package init(parsing text: String, name: String) throws(BoardError) {
    var rows: [Row] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
      if fields.allSatisfy(\.isEmpty) || fields[0].hasPrefix("#") { continue }
      let numbers = fields.compactMap { Double($0) }.filter(\.isFinite)
      if numbers.isEmpty, rows.isEmpty { continue }
      guard numbers.count == fields.count, numbers.count >= 2, numbers[0] >= 0, numbers[0] < 1e9 else {
        throw BoardError("\(name), line \(index + 1): a row is the time in seconds and a value for each channel")
      }
      rows.append(
        Row(
          nanoseconds: UInt64((numbers[0] * 1e9).rounded()),
          microUnits: numbers.dropFirst().map { Int64(clamping: $0 * 1e6) }))
    }
    do {
      try self.init(rows: rows)
    } catch {
      throw BoardError("\(name): \(error)")
    }
  }

  /// The source of each column's values; a single row is a constant.
  func sources(startedAt: UInt64) -> [SensorSource] {
    (0..<columns).map { column in
      if rows.count == 1 { return .constant(microUnits: rows[0].microUnits[column]) }
      return .waveform(
        Waveform(
          times: rows.map(\.nanoseconds), microUnits: rows.map { $0.microUnits[column] }, startedAt: startedAt))
    }
  }

  private static func trimmed(_ field: Substring) -> Substring {
    var field = field
    while field.first?.isWhitespace == true { field.removeFirst() }
    while field.last?.isWhitespace == true { field.removeLast() }
    return field
  }
}
