import ArgumentParser
import ProvisionerServer
import ServiceHosting
import ServiceKit
import Wire

@main
struct XtblishProvisioner: AsyncParsableCommand {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static func main() async {
    StandardOutput.guardToExit()
    await runProgram()
  }

  static var configuration: CommandConfiguration {
    Provisioner.rootConfiguration(
      abstract: "Gives devices their identities.",
      discussion: "Devices enrol with claims, which operators make. Ends with the exit codes of sysexits.h.",
      subcommands: [
        ServeCommand<ProvisionerService>.self, MigrateCommand<ProvisionerService>.self,
        HealthcheckCommand<ProvisionerService>.self, ClaimCommand.self,
        EnrolledDevicesCommand.self, FactoryCACommand.self, RevokeCommand.self, CACommand.self, CertificateCommand.self,
        CRLCommand.self,
      ])
  }
}

/// What the commands that all executables share must know.
enum Provisioner: AdministeredService {
  typealias Settings = ProvisionerSettings
  typealias Root = XtblishProvisioner

  static let executable = "xtblish-provisioner"
  static let busRole = BusRole.provisioner

  static func defaultEndpoint(environment: [String: String]) -> String { "tcp://127.0.0.1:7112" }
}
