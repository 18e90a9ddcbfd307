/// Every setting of a `service` with its value and where that comes from, for `check-config`. It `isValid` if there
/// are no `problems`.
package struct ConfigurationReport: Encodable, Sendable {
  package let service: String
  package let isValid: Bool
  /// All settings, in the order in which the service declares them.
  package let settings: [Row]
  package let problems: [String]

  /// A setting: its `key` in the file and its variable in the `environment`, the value in force, its `source`, and
  /// the `problem` with it, if there is one.
  package struct Row: Encodable, Sendable {
    package let key: String
    package let environment: String
    /// The value as text, with secrets masked; nil when there is none.
    package let value: String?
    package let source: String
    package let help: String
    package let problem: String?
  }

  enum CodingKeys: String, CodingKey {
    case service
    case isValid = "valid"
    case settings, problems
  }

  /// Looks at everything and throws nothing: what is wrong is in the report.
  package init<Settings: ServiceSettings>(
    _: Settings.Type, environment: [String: String], configurationPath: String?
  ) {
    service = Settings.serviceName
    let reader: SettingsReader
    var found: [SettingProblem] = []
    do {
      reader = try Settings.makeReader(environment: environment, configurationPath: configurationPath)
    } catch {
      // The rest is still worth a look without the file.
      found = error.problems
      reader = SettingsReader(environment: environment)
    }
    found += Settings.problems(reader)
    if found.isEmpty {
      do {
        let loaded = try Settings.load(environment: environment, configurationPath: configurationPath)
        found = loaded.settings.missing(isInsecure: loaded.process.isInsecure)
        if let role = Settings.busRole {
          found += try BusSettings(reader).problems(service: service, role: role)
        }
      } catch {
        found = error.problems
      }
    }
    settings = Settings.settingsOfProcess.map { Self.row($0, reader, found) }
    problems = found.map(\.message)
    isValid = found.isEmpty
  }

  private static func row(
    _ setting: any SettingDescription, _ reader: SettingsReader, _ problems: [SettingProblem]
  ) -> Row {
    let found = reader.lookup(setting)
    return Row(
      key: setting.key, environment: setting.environmentName, value: found.text.map(setting.shown),
      source: found.source.description, help: setting.help,
      problem: problems.first { $0.key == setting.key }?.message)
  }
}
