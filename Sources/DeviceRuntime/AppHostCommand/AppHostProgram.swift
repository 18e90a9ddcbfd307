import AppHost
import Glibc

/// The program that runs one app. The agent starts it, tells it over a socket which app, and hears what becomes of it.
@main
enum AppHostProgram {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    // What "make host-api" calls: the table of the host API is in this program alone.
    if arguments == ["host-api"] {
      print(HostAPI.referencePage, terminator: "")
      exit(0)
    }
    AppHostProcess.run(arguments: arguments)
  }
}
