import Logging
import Messaging
import Wire

/// The settings with which a service takes part in the bus. `keyFile` and `peersDirectory` are nil where they are not
/// set.
package struct BusSettings: Sendable {
  package let keyFile: String?
  package let peersDirectory: String?
  let isInsecure: Bool

  package static let keyFileSetting = Setting(
    "bus.key-file", .path, .optional,
    help: "The file with this instance's key of the bus, readable by its owner alone; bus-key create makes it.")
  package static let peersDirectorySetting = Setting(
    "bus.peers-directory", .path, .optional,
    help: "The folder with a .peer file for each public key that is let in; read again when it changes.")

  static let allSettings: [any SettingDescription] = [keyFileSetting, peersDirectorySetting]

  /// Settings for tests, which make a process without reading its settings.
  package static let insecure = BusSettings(keyFile: nil, peersDirectory: nil, isInsecure: true)

  private init(keyFile: String?, peersDirectory: String?, isInsecure: Bool) {
    self.keyFile = keyFile
    self.peersDirectory = peersDirectory
    self.isInsecure = isInsecure
  }

  init(_ reader: SettingsReader) throws(SettingsError) {
    keyFile = try reader.optional(Self.keyFileSetting)
    peersDirectory = try reader.optional(Self.peersDirectorySetting)
    isInsecure = try reader.require(ProcessSettings.insecureSetting)
  }

  /// What a service of this role misses.
  func problems(service: String, role: BusRole) -> [SettingProblem] {
    guard !isInsecure, keyFile == nil || peersDirectory == nil else { return [] }
    let missing = [
      keyFile == nil ? Self.keyFileSetting : nil, peersDirectory == nil ? Self.peersDirectorySetting : nil,
    ].compactMap { $0 }
    let command = """
      xtblish-\(service) bus-key create --role \(role.rawValue) --name \(service)-1 --key-file FILE \
      --peers-directory DIRECTORY
      """
    return missing.map { setting in
      SettingProblem(
        key: setting.key,
        message: """
          \(setting.environmentName) (\(setting.key)) is not set: make a key with "\(command)" and name its file and \
          directory, or set \(ProcessSettings.insecureSetting.environmentName)=true where nobody else reaches the ports
          """)
    }
  }

  /// Reads the files.
  ///
  /// - Throws: `SettingsError` if they are missing, can't be trusted, or are another role's.
  func open(service: String, role: BusRole, logger: Logger) throws -> Bus {
    if isInsecure { return .insecure }
    guard let keyFile, let peersDirectory else { throw SettingsError(problems(service: service, role: role)) }
    let bus: Bus
    do {
      bus = try Bus(keyFile: keyFile, peersFolder: peersDirectory, logger: logger)
    } catch {
      throw SettingsError([SettingProblem(key: Self.keyFileSetting.key, message: "the bus's keys: \(error)")])
    }
    guard bus.identity?.role == role else {
      throw SettingsError([
        SettingProblem(
          key: Self.keyFileSetting.key,
          message: """
            \(Self.keyFileSetting.environmentName) names the key of \(bus.identity.map { "\($0)" } ?? "nobody"), but \
            the \(service) needs one with the role \(role.rawValue)
            """)
      ])
    }
    if !bus.knowsItself {
      logger.warning(
        "this instance's own key is not among the bus's peers: those who share its folder won't talk to it",
        metadata: ["directory": "\(peersDirectory)"])
    }
    return bus
  }
}
