package import ArgumentParser

/// `completion`: prints what a shell needs to complete the executable's commands.
package struct CompletionCommand<Service: AdministeredService>: ParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "completion", abstract: "Print the completion script of a shell.",
      discussion: "For bash: source <(\(Service.executable) completion bash)")
  }

  /// The shells that there are scripts for.
  package enum Shell: String, CaseIterable, ExpressibleByArgument, Sendable {
    case bash, zsh, fish
  }

  @Argument(help: "The shell: bash, zsh or fish.")
  package var shell: Shell

  package init() {}

  package func run() throws {
    let shell: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    StandardOutput.write(Service.Root.completionScript(for: shell) + "\n")
  }
}
