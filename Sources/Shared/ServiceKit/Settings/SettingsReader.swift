import Configuration
import Foundations

/// Reads settings: from the environment, else from the file, else their defaults.
package struct SettingsReader: Sendable {
  let environment: [String: String]
  let file: SettingsFile?
  private let variables: EnvironmentVariablesProvider
  /// What the reader was told with `refuse`.
  private(set) var problems: [SettingProblem] = []

  /// - Parameter environment: all variables of the process. An empty one counts as not set, as container files
  ///   can't leave one out.
  package init(environment: [String: String], file: SettingsFile? = nil) {
    self.environment = environment.filter { $0.key.hasPrefix(SettingName.prefix) && !$0.value.isEmpty }
    self.file = file
    variables = EnvironmentVariablesProvider(environmentVariables: self.environment)
  }

  /// The value of a setting that must have one, because it is required or has a default.
  package func require<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
    guard let value = try optional(setting) else {
      throw SettingsError([missing(setting)])
    }
    return value
  }

  /// The value of a setting, or nil when it is set nowhere and has no default.
  package func optional<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
    let found = lookup(setting)
    guard let text = found.text else { return nil }
    do {
      return try setting.type.parse(text)
    } catch {
      throw SettingsError([wrong(setting, text, found.source, error)])
    }
  }

  /// Notes a problem that no single value shows, such as two settings that exclude each other.
  package mutating func refuse(_ setting: some SettingDescription, _ message: String) {
    problems.append(
      SettingProblem(key: setting.key, message: "\(setting.environmentName) (\(setting.key)): \(message)"))
  }

  /// The text that is set for a setting, and where it comes from.
  package func lookup(_ setting: some SettingDescription) -> (text: String?, source: SettingSource) {
    let key = AbsoluteConfigKey(["xtblish"] + setting.key.split(separator: ".").map(String.init))
    if let value = try? variables.value(forKey: key, type: .string).value, case .string(let text) = value.content {
      return (text, .environment(setting.environmentName))
    }
    if let file, let text = file.text(forKey: setting.key) {
      return (text, .file(file.path))
    }
    if case .default(let text) = setting.presence { return (text, .default) }
    return (nil, .unset)
  }

  /// The problem of one setting by itself, or nil.
  func problem(of setting: some SettingDescription) -> SettingProblem? {
    let found = lookup(setting)
    guard let text = found.text else {
      return setting.presence == .required ? missing(setting) : nil
    }
    do {
      try setting.check(text)
      return nil
    } catch {
      return wrong(setting, text, found.source, error)
    }
  }

  private func missing(_ setting: some SettingDescription) -> SettingProblem {
    SettingProblem(
      key: setting.key,
      message: """
        \(setting.environmentName) (\(setting.key)) is not set: \(setting.help.asClause); \
        set it to \(setting.expected)
        """)
  }

  private func wrong(
    _ setting: some SettingDescription, _ text: String, _ source: SettingSource, _ error: SettingValueError
  ) -> SettingProblem {
    SettingProblem(
      key: setting.key,
      message: """
        \(setting.environmentName) (\(setting.key)) is "\(setting.shown(text))" (\(source)): \
        expected \(error.expected)
        """)
  }
}

/// Where a value comes from.
package enum SettingSource: Equatable, Sendable, CustomStringConvertible {
  /// The environment variable of that name.
  case environment(String)
  /// The file at that path.
  case file(String)
  /// The setting's own default.
  case `default`
  /// Nowhere: there is no value.
  case unset

  package var description: String {
    switch self {
    case .environment(let name): "environment \(name)"
    case .file(let path): "file \(path)"
    case .default: "default"
    case .unset: "unset"
    }
  }
}
