package import ArgumentParser
import FoundationEssentials
import Logging
package import Messaging

/// The options of commands that use the bus.
package struct BusOptions: ParsableArguments {
  @Option(
    name: .customLong("bus-key-file"),
    help: ArgumentHelp(
      "The file with your key of the bus.", discussion: "Otherwise XTBLISH_BUS_KEY_FILE names it.", valueName: "file"))
  package var keyFile: String?

  @Option(
    name: .customLong("bus-peers-directory"),
    help: ArgumentHelp(
      "The folder with the public keys of the services.", discussion: "Otherwise XTBLISH_BUS_PEERS_DIRECTORY names it.",
      valueName: "directory"))
  package var peersDirectory: String?

  package init() {}

  /// The part in the bus that the options and the environment give a command.
  ///
  /// - Throws: `AdminError` if there is no key and the environment does not ask to do without.
  package func bus(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Bus {
    func variable(_ setting: some SettingDescription) -> String? {
      environment[setting.environmentName].flatMap { $0.isEmpty ? nil : $0 }
    }
    let insecure = variable(ProcessSettings.insecureSetting).flatMap { try? SettingType.boolean.parse($0) } ?? false
    if keyFile == nil, insecure { return .insecure }
    guard let keyFile = keyFile ?? variable(BusSettings.keyFileSetting),
      let peersDirectory = peersDirectory ?? variable(BusSettings.peersDirectorySetting)
    else {
      throw AdminError(
        """
        there is no key to talk to services with: name one with --bus-key-file and the services' public keys with \
        --bus-peers-directory, or with \(BusSettings.keyFileSetting.environmentName) and \
        \(BusSettings.peersDirectorySetting.environmentName); bus-key create --role operator makes one
        """, status: .configuration)
    }
    do throws(KeyFileError) {
      let key = try BusKey(file: keyFile)
      // A command ends before the folder changes.
      return Bus(key: key, peers: PeerTable(try PeerFolder(peersDirectory).read()))
    } catch {
      throw AdminError("\(error)", status: .configuration)
    }
  }
}
