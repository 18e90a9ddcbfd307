package import ArgumentParser
import Glibc

extension AsyncParsableCommand {
  /// Parses the process's arguments and runs the command that they name. It stands in the place of the parser's own
  /// `main`, whose lines of usage are as long as the command has options.
  package static func runProgram() async {
    do {
      var command = try await asyncParseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      let (text, code) = (fullMessage(for: error), exitCode(for: error))
      if !text.isEmpty {
        let wrapped = UsageText.wrapped(text, columns: TerminalWidth.columns()) + "\n"
        if code.isSuccess { StandardOutput.write(wrapped) } else { StandardError.write(wrapped) }
      }
      Glibc.exit(code.rawValue)
    }
  }
}

/// The lines of usage in what the parser says.
enum UsageText {
  private static let beginnings = ["USAGE: ", "Usage: "]

  /// The same text with its lines of usage broken between arguments.
  static func wrapped(_ text: String, columns: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      beginnings.contains { line.hasPrefix($0) } ? wrappedLine(String(line), columns: columns) : String(line)
    }.joined(separator: "\n")
  }

  private static func wrappedLine(_ line: String, columns: Int) -> String {
    guard line.count > columns else { return line }
    var lines = [""]
    for part in parts(of: line) {
      if lines[lines.count - 1].isEmpty {
        lines[lines.count - 1] = part
      } else if lines[lines.count - 1].count + 1 + part.count <= columns {
        lines[lines.count - 1] += " " + part
      } else {
        // Under the name of the program.
        lines.append("       " + part)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// The words of the line; those between brackets are one word.
  private static func parts(of line: String) -> [String] {
    var parts = [""]
    var depth = 0
    for character in line {
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      if character == " ", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
  }
}
