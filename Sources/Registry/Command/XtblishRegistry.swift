import ArgumentParser
import Messaging
import RegistryServer
import ServiceHosting
import ServiceKit
import Wire

@main
struct XtblishRegistry: AsyncParsableCommand {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static func main() async {
    StandardOutput.guardToExit()
    await runProgram()
  }

  static var configuration: CommandConfiguration {
    Registry.rootConfiguration(
      abstract: "Knows the devices, what each should run, and what it does run.",
      discussion: "Ends with the exit codes of sysexits.h.",
      subcommands: [
        ServeCommand<RegistryService>.self, MigrateCommand<RegistryService>.self,
        HealthcheckCommand<RegistryService>.self, DevicesCommand.self, FirmwareCommand.self, TraceCommand.self,
        CrashesCommand.self,
        AppsCommand.self,
        EventsCommand.self, TokenCommand.self, AuditCommand.self, DirectorCommand.self, RootCommand.self,
      ])
  }
}

/// What the commands that all executables share must know.
enum Registry: AdministeredService {
  typealias Settings = RegistrySettings
  typealias Root = XtblishRegistry

  static let executable = "xtblish-registry"
  static let busRole = BusRole.registry

  static func defaultEndpoint(environment: [String: String]) -> String { "tcp://127.0.0.1:7102" }
}
