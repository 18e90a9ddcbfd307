import ArgumentParser
import DeviceAdmin
import DeviceCredentials
import DeviceStorage
import Foundations
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
      try FolderOwner.become(of: settings.directory)
      _ = try DirectoryFlash(directory: settings.directory)
      let key = try Self.key(settings.directory)
      let hash = Hexadecimal.encode(try key.publicKey.hash)
      if json { try printJSON(Output(publicKeyHash: hash)) } else { print(hash) }
    }
  }

  /// Two that make one at once would each have another.
  private static func key(_ directory: String) throws -> P256.PrivateKey {
    let files = try IdentityFiles(directory: directory)
    if let key = try files.key() { return key }
    do {
      let lock = try DirectoryLock(directory: directory)
      defer { withExtendedLifetime(lock) {} }
      return try files.keyMadeIfNeeded()
    } catch let error as DirectoryLock.Refusal {
      throw AdminError("\(error)", status: .temporary)
    }
  }
}
