import ArgumentParser
import DeviceRuntimeCore
import FirmwareImage
import OpenSSL
import ServiceKit

struct KeyCommand: AsyncParsableCommand {
  private struct Output: Encodable {
    var publicKeyHash: String
  }

  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make the device's key, if there is none, and show the hash of its public half.",
    discussion: "For a device that is registered by its key before it enrols. The key itself is not shown.")

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let settings = try options.prepare(DeviceSettings.self).settings
      _ = try DirectoryFlash(directory: settings.directory)
      let key = try IdentityFiles(directory: settings.directory).keyMadeIfNeeded()
      let hash = Hexadecimal.encode(try key.publicKey.hash)
      if json { try printJSON(Output(publicKeyHash: hash)) } else { print(hash) }
    }
  }
}
