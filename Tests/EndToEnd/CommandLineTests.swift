import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What all five programs have in common at the command line.
  struct CommandLineTests {
    static let programs = [
      "xtblish-registry", "xtblish-provisioner", "xtblish-image-store", "xtblish-notifier", "xtblish-device",
    ]

    /// Those that stay until they are ended, those whose output is a file of its own kind, and what a probe asks, which
    /// reads the exit status alone.
    private static let exempt: Set = ["serve", "run", "dev", "help", "completion", "host-api", "healthcheck"]

    /// What the parser tells of a command; the part of it that this looks at.
    private struct Help: Decodable {
      struct Command: Decodable {
        struct Argument: Decodable {
          struct Name: Decodable {
            let name: String
          }
          let names: [Name]?
        }
        let commandName: String
        let subcommands: [Command]?
        let arguments: [Argument]?

        /// The commands that do something, each with its whole name.
        func leaves(_ before: String = "") -> [(name: String, command: Command)] {
          let name = before + commandName
          let below = (subcommands ?? []).filter { $0.commandName != "help" }
          return below.isEmpty ? [(name, self)] : below.flatMap { $0.leaves("\(name) ") }
        }
      }
      let command: Command
    }

    /// Every admin command takes --json.
    @Test(arguments: programs)
    func everyAdminCommandTakesJSON(program: String) async throws {
      let dumped = try await mustSucceed("\(try productsDirectory())/\(program)", ["--experimental-dump-help"])
      let leaves = try JSONDecoder().decode(Help.self, from: Data(dumped.utf8)).command.leaves()
      #expect(leaves.count > 4)
      for (name, command) in leaves where !Self.exempt.contains(command.commandName) {
        let names = (command.arguments ?? []).flatMap { $0.names ?? [] }.map(\.name)
        #expect(names.contains("json"), "\(name) has no --json")
      }
    }

    /// Help fits 80 columns, its lines of usage too.
    @Test(arguments: programs)
    func helpFitsEightyColumns(program: String) async throws {
      let path = "\(try productsDirectory())/\(program)"
      let dumped = try await mustSucceed(path, ["--experimental-dump-help"])
      for (name, _) in try JSONDecoder().decode(Help.self, from: Data(dumped.utf8)).command.leaves() {
        let words = name.split(separator: " ").dropFirst().map(String.init)
        let help = try await command(path, words + ["--help"], environment: ["COLUMNS": "80"])
        #expect(help.status == 0 && help.output.contains("USAGE: \(program)"), "\(name)")
        for line in help.output.split(separator: "\n") { #expect(line.count <= 80, "\(name): \(line)") }
      }
      let wrong = try await command(path, ["status", "--nonsense"], environment: ["COLUMNS": "80"])
      for line in wrong.errors.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    /// What is wrong with a command line begins as every other error does.
    @Test(arguments: programs)
    func errorsOfTheCommandLineBeginAsAllOthers(program: String) async throws {
      for arguments in [["--nonsense"], ["status", "--timeout", "soon"], ["check-config", "--config"]] {
        let result = try await command("\(try productsDirectory())/\(program)", arguments)
        #expect(result.status == 64, "\(arguments): \(result.errors)")
        #expect(result.errors.hasPrefix("error: "), "\(arguments): \(result.errors)")
      }
    }
  }
}
