import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Runs what README tells a user to type, in its order, in one shell.
  @Suite(.seated, .serialized)
  struct ReadmeTests {
    /// The `sh` blocks of README.
    static func blocks() throws -> [String] {
      let text = try String(contentsOfFile: "\(Stack.package)/README.md", encoding: .utf8)
      return text.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }

    /// Every command in README works.
    @Test
    func theCommandsOfTheReadmeWork() async throws {
      let folder = try TemporaryFolder("xtblish-readme")
      let stack = folder.path("stack")
      var lines: [String] = []
      for line in try Self.blocks().joined().split(separator: "\n").map(String.init) {
        if line.hasPrefix("make ") {
          // The build that `make` would start is the one this test is part of: that its targets are there is
          // looked at here, `make test` runs this, and `deploy/demo` is run below.
          lines.append("make --dry-run \(line.dropFirst(5)) > /dev/null")
        } else {
          lines.append(
            line.replacingOccurrences(of: "/tmp/xtblish", with: stack)
              .replacingOccurrences(of: "$PWD/.build/release", with: "$XTBLISH_BINARIES"))
        }
      }
      #expect(lines.count > 20)
      let script = folder.path("commands.sh")
      try (["set -e -o pipefail", #"trap 'echo "failed: $BASH_COMMAND" >&2' ERR"#] + lines).joined(separator: "\n")
        .write(
          toFile: script, atomically: true, encoding: .utf8)
      let result = try await command(
        "bash", ["-c", "cd \(Stack.package) && . \(script)"],
        environment: ["XTBLISH_BINARIES": try productsDirectory()], within: .seconds(180))
      if result.status != 0 {
        _ = try? await command("\(Stack.package)/deploy/stack", ["down", "--data", stack])
      }
      #expect(result.status == 0, "\(result.output.suffix(3000))\n\(result.errors.suffix(3000))")
    }

    /// The demo ends by itself, with the new app running.
    @Test
    func theDemoEndsWell() async throws {
      let folder = try TemporaryFolder("xtblish-demo")
      let result = try await command(
        "\(Stack.package)/deploy/demo", ["--once"],
        environment: ["XTBLISH_BINARIES": try productsDirectory(), "XTBLISH_STACK_DATA": folder.path("stack")],
        within: .seconds(120))
      #expect(result.status == 0, "\(result.output)\(result.errors)")
      #expect(result.output.contains("the device runs version 2"))
      #expect(result.output.contains("device | "), "the device's log is not shown")
    }

    /// The demo says what is missing and leaves nothing running.
    @Test
    func demoWithoutExamples() async throws {
      let folder = try TemporaryFolder("xtblish-demo")
      let result = try await command(
        "\(Stack.package)/deploy/demo", ["--once"],
        environment: ["XTBLISH_EXAMPLES": folder.path, "XTBLISH_BINARIES": try productsDirectory()])
      #expect(result.status == 69)
      #expect(result.errors.contains("make examples"))
    }
  }
}
