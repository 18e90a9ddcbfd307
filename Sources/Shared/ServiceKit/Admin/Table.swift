import TextFormats

/// Rows and columns for people, as wide as their contents, or as there is room.
package struct Table: Sendable {
  /// What becomes of a column where there is not room for all.
  package enum Room: Sendable, Equatable {
    /// It is shown, and whole.
    case always
    /// It is shown, and its longest cells are cut.
    case cut
    /// It is left out; columns with the highest number first.
    case spare(Int)
    /// It is shown whole and goes on in further lines: for the last column of what is read and not compared.
    case wrapped
  }

  private let header: [String]
  private let rightAligned: Set<Int>
  private let room: [Room]
  private var rows: [[String]] = []
  private var isTitled = true

  /// No column of it is narrower than that for want of room.
  private static let leastCutWidth = 12
  private static let gap = "  "

  /// - Parameter rightAligned: the columns of numbers, from 0.
  package init(_ header: [String], rightAligned: Set<Int> = []) {
    self.header = header
    self.rightAligned = rightAligned
    room = header.map { _ in .always }
  }

  /// - Parameter columns: their titles, and which of them go or are cut where there is not room for all.
  package init(_ columns: [(title: String, room: Room)], rightAligned: Set<Int> = []) {
    header = columns.map(\.title)
    room = columns.map(\.room)
    self.rightAligned = rightAligned
  }

  /// A table of two columns, for what is known of one thing: a row for each field.
  ///
  /// - Parameter isTitled: whether the columns have titles.
  package static func fields(isTitled: Bool = true) -> Table {
    var table = Table([("FIELD", .always), ("VALUE", .wrapped)])
    table.isTitled = isTitled
    return table
  }

  /// Adds a row. Missing cells are empty, and control characters in cells are escaped.
  package mutating func add(_ cells: [String]) {
    let missing = max(0, header.count - cells.count)
    rows.append(cells.prefix(header.count).map { PlainText.escaped($0) } + Array(repeating: "", count: missing))
  }

  /// Whether the table has no rows.
  package var isEmpty: Bool { rows.isEmpty }

  /// All lines, each with its newline; only the header if there are no rows.
  package var text: String { text(columns: nil) }

  /// The lines made to fit a width.
  ///
  /// - Parameter columns: how many characters a line has room for; nil for as many as it takes.
  package func text(columns: Int?) -> String {
    let all = (isTitled ? [header] : []) + rows
    let widths = header.indices.map { column in all.map { Self.width($0[column]) }.max() ?? 0 }
    let shown = Self.fit(widths, header.map { isTitled ? Self.width($0) : 0 }, room, columns)
    return all.map { lines($0, shown, columns) + "\n" }.joined()
  }

  /// A row, in as many lines as its last cell takes if that may wrap.
  private func lines(_ cells: [String], _ shown: [(column: Int, width: Int)], _ columns: Int?) -> String {
    guard let columns, let last = shown.last, room[last.column] == .wrapped else { return line(cells, shown) }
    let indent = shown.dropLast().reduce(0) { $0 + $1.width + Self.gap.utf8.count }
    var parts = Self.wrapped(cells[last.column], indent: indent, columns: columns)
    var cells = cells
    cells[last.column] = parts.removeFirst()
    return ([line(cells, shown)] + parts).joined(separator: "\n")
  }

  /// A text in as many parts as it needs lines, broken at its spaces. A word that is longer than the room beside the first columns, such as a digest, begins further
  /// to the left: broken it could not be copied.
  ///
  /// - Parameters:
  ///   - indent: how many characters stand before the first part; the other parts come with as many spaces.
  ///   - columns: how many characters a line has room for.
  package static func wrapped(_ text: String, indent: Int, columns: Int) -> [String] {
    var parts = [""]
    // Of the part that grows; the first stands beside the other columns.
    var end = indent
    for (place, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
      let taken = width(String(word))
      if place == 0 ? end + taken <= columns : end + 1 + taken <= columns {
        parts[parts.count - 1] += place == 0 ? String(word) : " " + word
        end += place == 0 ? taken : 1 + taken
      } else {
        let begin = min(indent, max(0, columns - taken))
        parts.append(String(repeating: " ", count: begin) + word)
        end = begin + taken
      }
    }
    return parts
  }

  /// Which columns are shown, and how wide each.
  private static func fit(
    _ widths: [Int], _ titles: [Int], _ room: [Room], _ columns: Int?
  ) -> [(column: Int, width: Int)] {
    var shown = widths.indices.map { (column: $0, width: widths[$0]) }
    guard let columns else { return shown }
    func excess() -> Int {
      shown.reduce(0) { $0 + $1.width } + gap.utf8.count * max(0, shown.count - 1) - columns
    }
    func rank(_ column: Int) -> Int? {
      if case .spare(let rank) = room[column] { rank } else { nil }
    }
    /// What cutting all that may be cut would give.
    func slack() -> Int {
      shown.reduce(0) { sum, entry in
        room[entry.column] == .cut ? sum + max(0, entry.width - max(titles[entry.column], leastCutWidth)) : sum
      }
    }
    // A column that goes leaves room for one that would be cut, so they go only where cutting is not enough.
    let leaving = widths.indices.compactMap { column in rank(column).map { (column: column, rank: $0) } }
    for last in leaving.sorted(by: { $0.rank > $1.rank }) {
      guard excess() > slack() else { break }
      shown.removeAll { $0.column == last.column }
    }
    while excess() > 0 {
      // The widest first, so that short cells stay whole.
      let candidates = shown.indices.filter {
        room[shown[$0].column] == .cut && shown[$0].width > max(titles[shown[$0].column], leastCutWidth)
      }
      guard let widest = candidates.max(by: { shown[$0].width < shown[$1].width }) else { break }
      shown[widest].width -= 1
    }
    return shown
  }

  private func line(_ cells: [String], _ shown: [(column: Int, width: Int)]) -> String {
    var line = ""
    for (place, entry) in shown.enumerated() {
      let cell = Self.cut(cells[entry.column], entry.width)
      let padding = String(repeating: " ", count: max(0, entry.width - Self.width(cell)))
      if place > 0 { line += Self.gap }
      line += rightAligned.contains(entry.column) ? padding + cell : cell + padding
    }
    // Spaces at the end make lines wrap in narrow terminals for nothing.
    while line.last == " " { line.removeLast() }
    return line
  }

  private static func cut(_ text: String, _ columns: Int) -> String {
    guard width(text) > columns else { return text }
    var short = ""
    var taken = 0
    for character in text {
      let next = width(String(character))
      if taken + next > columns - 1 { break }
      short.append(character)
      taken += next
    }
    return short + "…"
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
