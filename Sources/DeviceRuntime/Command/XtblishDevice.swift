import ArgumentParser
import DeviceAdmin
import FoundationEssentials
import Messaging
import ServiceKit
import Wire

/// The device's agent and its commands. Apps run in processes of another program, `xtblish-app-host`.
@main
enum Program {
  static func main() async {
    StandardOutput.guardToExit()
    await XtblishDevice.runProgram()
  }
}

struct XtblishDevice: AsyncParsableCommand {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static let configuration = CommandConfiguration(
    commandName: DeviceProgram.executable,
    abstract: "Runs apps on a device, and replaces them over the network.",
    discussion: "Ends with the exit codes of sysexits.h.",
    version: "\(DeviceProgram.executable) \(XtblishVersion.current)",
    subcommands: [
      RunCommand.self, EnrollCommand.self, DeviceHealthcheckCommand.self, StatusCommand.self, SlotsCommand.self,
      LogsCommand.self,
      WaitingCrashesCommand.self,
      KeyCommand.self, ConfigCommand.self, OTPCommand.self, RuntimeCommand.self, PinCommand.self, SensorCommand.self,
      DevCommand.self,
      CheckConfigCommand<DeviceProgram>.self, CompletionCommand<DeviceProgram>.self,
    ])
}

/// What the commands that all executables share must know.
enum DeviceProgram: AdministeredService {
  typealias Settings = DeviceSettings
  typealias Root = XtblishDevice

  static let executable = "xtblish-device"
  static let busRole = BusRole.device
  static let absenceAdvice = "start the agent with xtblish-device run, or name another device's --directory"

  static func defaultEndpoint(environment: [String: String]) -> String {
    let directory = environment[DeviceSettings.directorySetting.environmentName] ?? DeviceSettings.defaultDirectory
    return "ipc://\(directory)/agent.ipc"
  }
}
