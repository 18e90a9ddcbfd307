import ArgumentParser
import DeviceAdmin
import FoundationEssentials
import Glibc
import ServiceKit

/// Which device is meant, on a machine that has several.
struct DirectoryOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The device's directory.",
      discussion: "Otherwise XTBLISH_DEVICE_DIRECTORY names it, else \(DeviceSettings.defaultDirectory).",
      valueName: "path"))
  var directory: String?

  /// The directory in force.
  var path: String {
    let variable = ProcessInfo.processInfo.environment[DeviceSettings.directorySetting.environmentName] ?? ""
    return directory ?? (variable.isEmpty ? DeviceSettings.defaultDirectory : variable)
  }

  /// Makes the option a setting like any other: it is stronger than the environment. Only before anything else runs.
  func apply() {
    if let directory { setenv(DeviceSettings.directorySetting.environmentName, directory, 1) }
  }

  /// For commands about a device that is there. A flash would make the folder of a wrong name: settings would be written
  /// where nobody reads them, and fuses shown that are nobody's.
  func requireFolder() throws(AdminError) {
    guard access(path, F_OK) == 0 else {
      throw AdminError("there is no folder \(path): name the device's with --directory", status: .data)
    }
    try FolderOwner.become(of: path)
  }

  /// The options of an admin command, asking the agent of this directory unless they name an endpoint.
  func administration(_ options: AdminOptions) throws -> AdminOptions {
    var options = options
    let variable = ProcessInfo.processInfo.environment[DeviceProgram.endpointsVariable] ?? ""
    if options.endpoint == nil, directory != nil || variable.isEmpty {
      try FolderOwner.become(of: path)
      do {
        options.endpoint = try AgentAddress(directory: path).endpoint
      } catch {
        throw AdminError("\(error)", status: .unavailable)
      }
    }
    if options.bus.keyFile == nil, let folder = AgentAddress.keyFolder(ofEndpoint: options.endpoint ?? variable) {
      let keyFile = AgentKeys.keyFile(in: folder)
      guard access(keyFile, F_OK) == 0 || errno != ENOENT else {
        let directory = folder.dropLast("/bus".count)
        throw AdminError(
          "no agent has run on \(directory) yet: start it with xtblish-device run --directory \(directory)",
          status: .unavailable)
      }
      options.bus.keyFile = keyFile
      options.bus.peersDirectory = options.bus.peersDirectory ?? folder
    }
    return options
  }
}
