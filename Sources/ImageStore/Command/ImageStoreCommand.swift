import ArgumentParser
import ImageStoreServer
import Messaging
import ServiceHosting
import ServiceKit
import Wire

@main
struct ImageStoreCommand: AsyncParsableCommand, AdministeredService {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static func main() async {
    StandardOutput.guardToExit()
    await runProgram()
  }

  typealias Settings = ImageStoreSettings
  typealias Root = ImageStoreCommand

  static let executable = "xtblish-image-store"
  static let busRole = BusRole.imageStore

  static func defaultEndpoint(environment: [String: String]) -> String { "tcp://127.0.0.1:7122" }

  static let configuration = rootConfiguration(
    abstract: "Keeps images by their digest and serves them to devices.",
    discussion: "Ends with the exit codes of sysexits.h.",
    subcommands: [
      ServeCommand<ImageStore>.self, HealthcheckCommand<ImageStore>.self, PushCommand.self, PullCommand.self,
      ListCommand.self, StatCommand.self, VerifyCommand.self, KeygenCommand.self, SignCommand.self,
    ])
}
