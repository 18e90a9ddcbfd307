import Messaging
package import Wire

/// All settings of one executable.
package protocol ServiceSettings: Sendable {
  /// The service's name as in its keys and its executable: `image-store`.
  static var serviceName: String { get }

  /// What the service is on the bus; nil for a process that makes its own keys.
  static var busRole: BusRole? { get }

  /// The service's own settings. Those that every process has (`ProcessSettings`) are added to them.
  static var allSettings: [any SettingDescription] { get }

  /// Takes the values out of the reader. Problems that concern several settings go to `reader.refuse`.
  init(_ reader: inout SettingsReader) throws(SettingsError)

  /// What the service lacks, besides its keys of the bus, and can't be run without.
  ///
  /// - Parameter isInsecure: whether the process was told to do without trust.
  func missing(isInsecure: Bool) -> [SettingProblem]
}

extension ServiceSettings {
  /// Nothing, unless a service says otherwise.
  package func missing(isInsecure: Bool) -> [SettingProblem] { [] }
}

extension ServiceSettings {
  /// The service's own settings, those of every service on the bus and those of every process, in the order in which they are shown.
  package static var settingsOfProcess: [any SettingDescription] {
    allSettings + (busRole == nil ? [] : BusSettings.allSettings + TraceSettings.allSettings)
      + ProcessSettings.allSettings
  }

  /// Reads all settings.
  ///
  /// - Parameters:
  ///   - environment: the process's variables.
  ///   - configurationPath: the argument of `--config`; else the variable `XTBLISH_CONFIG` names the file.
  /// - Throws: every problem that there is, not only the first.
  package static func load(
    environment: [String: String], configurationPath: String? = nil
  ) throws(SettingsError) -> (settings: Self, process: ProcessSettings) {
    var reader = try makeReader(environment: environment, configurationPath: configurationPath)
    let single = problems(reader)
    guard single.isEmpty else { throw SettingsError(single) }
    let settings = try Self(&reader)
    let process = try ProcessSettings(&reader)
    guard reader.problems.isEmpty else { throw SettingsError(reader.problems) }
    return (settings, process)
  }

  static func makeReader(
    environment: [String: String], configurationPath: String?
  ) throws(SettingsError) -> SettingsReader {
    let named = environment[ProcessSettings.configurationFile.environmentName].flatMap { $0.isEmpty ? nil : $0 }
    let path = configurationPath ?? named
    let file = if let path { try SettingsFile(path: path) } else { SettingsFile?.none }
    return SettingsReader(environment: environment, file: file)
  }

  /// What is wrong with single settings, and with names that are no settings.
  static func problems(_ reader: SettingsReader) -> [SettingProblem] {
    settingsOfProcess.compactMap { reader.problem(of: $0) }
      + UnknownSettings(service: serviceName, known: settingsOfProcess).problems(reader)
  }
}
