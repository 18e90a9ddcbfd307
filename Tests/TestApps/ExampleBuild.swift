package import AppLink
import Foundations
import Glibc
package import TestSupport
import WebAssemblyModule

/// The example apps as their own script builds them.
package enum ExampleBuild {
  package static let version = "9.8.7-test"
  /// Kept, so that the next run builds only what has changed.
  private static let folder = "\(packageDirectory())/.build-examples/tests"
  /// Once for all tests, which run side by side.
  private static let building = Task {
    let (ending, text) = try await run(["--version", version, "--output", folder])
    guard ending == .exited(0) else { throw TestFailure("the examples are not built: \(text)") }
  }

  /// All of them.
  package static let names = [
    "sensor-c", "sensor-swift", "sensor-rust", "sensor-wat", "assemblyscript-wat", "blink-c", "lamp-c", "hello-c",
    "hello-rust", "crash-c", "crash-swift", "crash-rust", "unconfirmed-c",
  ]

  /// Runs the script, which builds only what has changed.
  package static func run(
    _ arguments: [String], script: String = "\(packageDirectory())/Examples/build", environment: [String: String] = [:]
  ) async throws -> (ending: ProcessEnding, output: String) {
    let process = try ChildProcess(script, arguments, environment: environment)
    let ending = try await process.waitForExit(within: .seconds(200))
    return (ending, process.output)
  }

  /// The module of an app, as a device gets it.
  package static func module(_ name: String) async throws -> [UInt8] {
    try await building.value
    return try read("\(folder)/\(name)-\(version).wasm")
  }

  /// The same with its line table.
  package static func debugModule(_ name: String) async throws -> (path: String, bytes: [UInt8]) {
    try await building.value
    let path = "\(folder)/\(name)-\(version).debug.wasm"
    return (path, try read(path))
  }

  package static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "re") else { throw TestFailure("can't read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// The number of the line of an example's source that contains the mark.
  package static func line(marked mark: String, in path: String) throws -> Int {
    let text = String(decoding: try read("\(packageDirectory())/Examples/\(path)"), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let index = lines.lastIndex(where: { $0.hasSuffix(mark) || $0.contains("\(mark),") }) else {
      throw TestFailure("\(path) has no line marked \"\(mark)\"")
    }
    return index + 1
  }

  /// The frames of a trap as "FILE:LINE", inlined ones included, innermost first, by the app's debug module.
  package static func sourceLines(of trap: AppTrap, in name: String) async throws -> [String] {
    let (path, bytes) = try await debugModule(name)
    guard let start = try WebAssemblyModule.interface(of: bytes).codeSectionOffset else {
      throw TestFailure("\(path) has no code")
    }
    // Addresses in the line table count from the start of the code section's body.
    let addresses = trap.frames.filter { $0.moduleOffset >= start }.map {
      "0x" + String($0.moduleOffset - start, radix: 16)
    }
    // The Swift toolchain's own, which knows what its compilers write.
    let tool = #"exec "$(dirname "$(readlink -f "$(command -v swiftc)")")/llvm-symbolizer" "$@""#
    let symbolizer = try ChildProcess(
      "bash", ["-c", tool, "symbolize", "--obj=\(path)", "--output-style=GNU"] + addresses)
    guard try await symbolizer.waitForExit() == .exited(0) else {
      throw TestFailure("llvm-symbolizer: \(symbolizer.output)")
    }
    return symbolizer.output.split(separator: "\n").map { line in
      line.split(separator: " ").first.map(String.init) ?? ""
    }
  }
}
