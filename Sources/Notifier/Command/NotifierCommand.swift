import ArgumentParser
import Messaging
import NotifierServer
import ServiceHosting
import ServiceKit
import Wire

@main
struct NotifierCommand: AsyncParsableCommand, AdministeredService {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static func main() async {
    StandardOutput.guardToExit()
    await runProgram()
  }

  typealias Settings = NotifierSettings
  typealias Root = NotifierCommand

  static let executable = "xtblish-notifier"
  static let busRole = BusRole.notifier

  static func defaultEndpoint(environment: [String: String]) -> String { "tcp://127.0.0.1:7132" }

  static let configuration = rootConfiguration(
    abstract: "Brings notifications to devices over MQTT, and their reports to the Registry.",
    subcommands: [ServeCommand<Notifier>.self, HealthcheckCommand<Notifier>.self, ResendCommand.self])
}
