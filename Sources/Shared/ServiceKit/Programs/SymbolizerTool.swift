import FoundationEssentials
import Glibc
import TextFormats

/// LLVM's program that reads debug information (DWARF), at `path`.
package struct SymbolizerTool: Sendable {
  /// The environment variable that names the program.
  package static let variable = "XTBLISH_LLVM_SYMBOLIZER"
  /// Its answer for the few addresses of a crash is short; what is longer is not read.
  static let maximumOutputBytes = 8 << 20

  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// The program that the environment names; else that of a Swift toolchain in the search path; else Debian's newest.
  /// Nil if there is none.
  package static func find(environment: [String: String]) throws -> SymbolizerTool? {
    if let named = environment[variable], !named.isEmpty {
      guard access(named, X_OK) == 0 else {
        throw AdminError("\(variable) is \(named), which is not a program that can be run", status: .configuration)
      }
      return SymbolizerTool(path: named)
    }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let besideSwift = folders.compactMap { realPath("\($0)/swift") }.map { path in
      "\(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])/llvm-symbolizer"
    }
    let candidates =
      besideSwift + folders.map { "\($0)/llvm-symbolizer" }
      + (14...40).reversed().flatMap { version in folders.map { "\($0)/llvm-symbolizer-\(version)" } }
    return candidates.first { access($0, X_OK) == 0 }.map { SymbolizerTool(path: $0) }
  }

  private static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Where in the sources some addresses of a module come from. The calling thread blocks.
  ///
  /// - Parameter addresses: as DWARF counts them.
  /// - Returns: for each address its functions, innermost first: several where calls were inlined.
  package func locate(_ addresses: [UInt64], in module: String, within limit: Duration = .seconds(30)) throws
    -> [[CodeLocation]]
  {
    guard !addresses.isEmpty else { return [] }
    let arguments =
      // Names by DWARF alone: the symbol table's may belong to the function that another was inlined into.
      ["--output-style=JSON", "--inlines", "--functions=short", "--demangle", "--obj=\(module)"]
      + addresses.map { "0x" + String($0, radix: 16) }
    let output: [UInt8]
    do {
      output = try BoundedProgram.run(path, arguments, limit: limit, maximumOutputBytes: Self.maximumOutputBytes)
    } catch let error as BoundedProgram.Failure {
      throw AdminError("\(path) \(error)", status: .failure)
    }
    guard let answers = try? JSONCoding.decode([Answer].self, from: output), answers.count == addresses.count
    else {
      throw AdminError("\(path) answered something else than the places of \(addresses.count) addresses")
    }
    return answers.map { $0.places.map(CodeLocation.init) }
  }

  /// The answer for one address, in the form in which the program writes it.
  fileprivate struct Answer: Decodable {
    struct Place: Decodable {
      var function: String
      var file: String
      var line: UInt64
      var column: UInt64

      private enum CodingKeys: String, CodingKey {
        case function = "FunctionName"
        case file = "FileName"
        case line = "Line"
        case column = "Column"
      }
    }

    var places: [Place]

    private enum CodingKeys: String, CodingKey {
      case places = "Symbol"
    }
  }
}

/// A function that a frame of a stack is in, and where in the sources that is: `function`, `file`, `line` and
/// `column`.
package struct CodeLocation: Codable, Sendable, Equatable {
  /// The function's name; empty if it is not known.
  package var function: String
  /// The source file; empty if it is not known.
  package var file: String
  /// The line, from 1; 0 if it is not known, because the compiler moved or merged the instruction.
  package var line: UInt64
  /// The column, from 1; 0 if it is not known.
  package var column: UInt64
}

extension CodeLocation {
  fileprivate init(_ place: SymbolizerTool.Answer.Place) {
    self.init(
      function: Self.harmless(place.function), file: Self.harmless(place.file), line: place.line, column: place.column)
  }

  private static func harmless(_ text: String) -> String { PlainText.escaped(String(text.prefix(4096))) }

  /// The place in one text: `app.c:3:5`, or `app.c` without a line; nil if the file is not known.
  package var place: String? {
    if file.isEmpty { return nil }
    if line == 0 { return file }
    return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
  }
}
