/// What a program says when a setting is given nowhere.
package enum SettingPresence: Sendable, Equatable {
  /// Starting without it makes no sense.
  case required
  /// The program does without.
  case optional
  /// The text that stands for it then, in the same form as a person would write it.
  case `default`(String)
}

/// One thing that can be set: by an environment variable, or in the configuration file.
///
/// The key's parts are separated by dots and its words by hyphens. `image-store.http.listen` is the environment variable
/// `XTBLISH_IMAGE_STORE_HTTP_LISTEN`, and in the file `{"image-store": {"http": {"listen": …}}}`.
package struct Setting<Value: Sendable>: SettingDescription {
  package let key: String
  package let type: SettingType<Value>
  package let presence: SettingPresence
  package let isSecret: Bool
  package let help: String

  /// - Parameters:
  ///   - isSecret: its value is never shown or logged.
  ///   - help: what it is for, in a sentence, with its unit.
  package init(
    _ key: String, _ type: SettingType<Value>, _ presence: SettingPresence, isSecret: Bool = false, help: String
  ) {
    self.key = key
    self.type = type
    self.presence = presence
    self.isSecret = isSecret
    self.help = help
  }

  package var expected: String { type.expected }

  package func check(_ text: String) throws(SettingValueError) {
    _ = try type.parse(text)
  }

  package func shown(_ text: String) -> String {
    isSecret ? SecretMask.mask : SecretMask.masking(text)
  }
}

/// A setting without the type of its value, for listing and checking all of them.
package protocol SettingDescription: Sendable {
  var key: String { get }
  var presence: SettingPresence { get }
  var isSecret: Bool { get }
  var help: String { get }
  /// What a value looks like, to follow "expected": "a whole number from 1 to 100".
  var expected: String { get }

  /// Throws when `text` is not a value of this setting.
  func check(_ text: String) throws(SettingValueError)

  /// `text` as it may be shown to people and kept in logs.
  func shown(_ text: String) -> String
}

extension SettingDescription {
  /// The environment variable, for example `XTBLISH_REGISTRY_HTTP_LISTEN`.
  package var environmentName: String { SettingName.environment(forKey: key) }
}

/// How the names of a setting in the environment and in the file belong together.
package enum SettingName {
  package static let prefix = "XTBLISH_"

  package static func environment(forKey key: String) -> String {
    prefix + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
  }
}
