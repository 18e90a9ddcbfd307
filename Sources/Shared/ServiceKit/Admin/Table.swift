/// Rows and columns for people, as wide as their contents.
package struct Table: Sendable {
  private let header: [String]
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  /// - Parameter rightAligned: the columns of numbers, from 0.
  package init(_ header: [String], rightAligned: Set<Int> = []) {
    self.header = header
    self.rightAligned = rightAligned
  }

  /// Missing cells are empty, and control characters in them escaped.
  package mutating func add(_ cells: [String]) {
    let missing = max(0, header.count - cells.count)
    rows.append(cells.prefix(header.count).map { PlainText.escaped($0) } + Array(repeating: "", count: missing))
  }

  package var isEmpty: Bool { rows.isEmpty }

  /// All lines, each with its newline. Only the header when there are no rows.
  package var text: String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { Self.width($0[column]) }.max() ?? 0 }
    return all.map { line($0, widths) + "\n" }.joined()
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[column] - Self.width(cell))
      if column > 0 { line += "  " }
      line += rightAligned.contains(column) ? padding + cell : cell + padding
    }
    // Spaces at the end make lines wrap in narrow terminals for nothing.
    while line.last == " " { line.removeLast() }
    return line
  }

  /// How many columns of a terminal the text takes.
  private static func width(_ text: String) -> Int {
    text.reduce(0) { width, character in
      let scalar = character.unicodeScalars.first?.value ?? 0
      // East Asian wide characters and emoji take two.
      let isWide =
        (0x1100...0x115F).contains(scalar) || (0x2E80...0xA4CF).contains(scalar) || (0xAC00...0xD7A3).contains(scalar)
        || (0xF900...0xFAFF).contains(scalar) || (0xFE30...0xFE6F).contains(scalar)
        || (0xFF00...0xFF60).contains(scalar) || (0x1F300...0x1FAFF).contains(scalar)
        || (0x20000...0x3FFFD).contains(scalar)
      return width + (isWide ? 2 : 1)
    }
  }
}
