package import ArgumentParser
import FoundationEssentials

/// The options of every command that lists: how many, and how wide.
package struct ListOptions: ParsableArguments {
  @Option(help: "How many at most; 0 for all. Otherwise 50, and with --json all.")
  package var limit: Int?

  @OptionGroup package var table: TableOptions

  /// How many are shown to people who don't say how many.
  private static let usualLimit = 50

  package init() {}

  package func validate() throws {
    guard limit.map({ $0 >= 0 }) ?? true else { throw ValidationError("--limit must be a whole number from 0") }
  }

  /// How many entries to show at most; nil for all. A program that asks for JSON gets all, unless it asked for a
  /// part.
  ///
  /// - Parameter json: whether programs read it.
  package func most(json: Bool) -> Int? {
    guard let limit else { return json ? nil : Self.usualLimit }
    return limit == 0 ? nil : limit
  }

  /// Says on the standard error that the list is only a part, if it is.
  package func tell(hasMore: Bool) {
    if hasMore { StandardError.write("There are more: use --limit 0 for all.\n") }
  }
}

/// How wide a table may be.
package struct TableOptions: ParsableArguments {
  @Flag(help: "Show all columns, and cut nothing, however wide that is.")
  package var wide = false

  package init() {}

  /// How many characters of a line there is room for; nil for any number.
  package var columns: Int? { wide ? nil : TerminalWidth.columns() }
}
