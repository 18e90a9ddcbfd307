internal import Glibc

/// Finds the source lines of a trap's frames with LLVM's symbolizer, if it is installed and the module has debug
/// information.
enum SourceLines {
  private static let programs = [
    "/usr/bin/llvm-symbolizer", "/usr/local/bin/llvm-symbolizer", "/usr/bin/llvm-symbolizer-19",
    "/usr/bin/llvm-symbolizer-14",
  ]

  /// "src/main.c:12" for each frame that has one. Blocks for as long as the symbolizer takes.
  ///
  /// - Parameter codeOffset: `DevModule.codeOffset`: debug information counts from the code's beginning.
  static func of(_ frames: [AppTrap.Frame], modulePath: String, codeOffset: UInt64) -> [Int: String] {
    guard !frames.isEmpty, let program = programs.first(where: { access($0, X_OK) == 0 }) else { return [:] }
    let addresses = frames.map { "0x" + String($0.moduleOffset - min($0.moduleOffset, codeOffset), radix: 16) }
    // One line an address: function, file, line and column in the form FILE:LINE:COLUMN.
    let output = run(program, ["--obj=\(modulePath)", "--no-inlines", "--functions=none", "--no-demangle"] + addresses)
    var lines: [Int: String] = [:]
    let found = output.split(separator: "\n", omittingEmptySubsequences: true)
    for (index, text) in found.enumerated() where index < frames.count {
      let parts = text.split(separator: ":")
      guard parts.count >= 2, !text.hasPrefix("??"), let line = Int(parts[parts.count - 2]), line > 0 else { continue }
      lines[index] = parts.dropLast().joined(separator: ":")
    }
    return lines
  }

  /// For the shell: nothing in it means anything.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// The program's standard output; empty if it can't be run.
  private static func run(_ program: String, _ arguments: [String]) -> String {
    let command = ([program] + arguments).map(quoted).joined(separator: " ")
    guard let pipe = popen("\(command) 2>/dev/null", "re") else { return "" }
    defer { pclose(pipe) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while output.count < 1 << 20 {
      let count = fread(&buffer, 1, buffer.count, pipe)
      guard count > 0 else { break }
      output += buffer[..<count]
    }
    return String(decoding: output, as: UTF8.self)
  }
}
