import Agent
import AppLink
import ArgumentParser
import DeviceAdmin
import DeviceCredentials
import DeviceStorage
import ServiceKit

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the device until SIGTERM.",
    discussion: "Settings come from the environment and a file; check-config lists them. Enrol the device first.")

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let process = try options.prepare(DeviceSettings.self)
      try FolderOwner.become(of: process.settings.directory)
      do {
        try await DeviceService.run(process)
      } catch let error as IdentityError {
        throw AdminError("\(error)", status: .configuration)
      } catch let error as OTPError {
        throw AdminError("\(error)", status: .configuration)
      } catch let error as DirectoryLock.Refusal {
        throw AdminError("\(error)", status: .temporary)
      } catch let error as AgentAddress.Problem {
        throw AdminError("\(error)", status: .configuration)
      } catch let error as AppLaunchError {
        throw AdminError("\(error)", status: .configuration)
      }
    }
  }
}
