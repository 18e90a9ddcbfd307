import ArgumentParser
import ImageAdmission

/// What the service starts to look at a module's code; nobody else calls it.
struct CheckCodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: EngineCodeCheck.command, abstract: "Check the code of the module on the standard input.",
    shouldDisplay: false)

  @Argument(help: "The engine's library.")
  var engine: String

  func run() { CodeCheckProcess.run(engine: engine) }
}
