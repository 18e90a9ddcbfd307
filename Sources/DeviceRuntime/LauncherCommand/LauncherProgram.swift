import Glibc

/// The program that the service manager starts, under the names and the rights of the agent.
@main enum LauncherProgram {
  static func main() {
    let launcher = Launcher(arguments: Array(CommandLine.arguments.dropFirst())) { name in
      getenv(name).map { String(cString: $0) }
    }
    exit(launcher.launch())
  }
}
