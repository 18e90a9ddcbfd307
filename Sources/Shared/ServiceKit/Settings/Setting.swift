/// Whether a setting must be given, and what holds if it is not.
package enum SettingPresence: Sendable, Equatable {
  /// The program does not start without it.
  case required
  /// The program does without it.
  case optional
  /// The text that stands for it then, in the form in which a person would write it.
  case `default`(String)
}

/// One thing that can be set: by an environment variable, or in the configuration file.
///
/// The parts of its `key` are separated by dots and its words by hyphens. `image-store.http.listen` is the
/// environment variable `XTBLISH_IMAGE_STORE_HTTP_LISTEN`, and in the file
/// `{"image-store": {"http": {"listen": …}}}`. Its `type` reads the value, and its `presence` says whether there must
/// be one. If it `isSecret`, its value is never shown.
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

  /// What a value looks like, to be put behind "expected".
  package var expected: String { type.expected }

  /// Checks that a text is a value of this setting.
  package func check(_ text: String) throws(SettingValueError) {
    _ = try type.parse(text)
  }

  /// The text as people may see it: a secret is masked, and so are passwords in URLs.
  package func shown(_ text: String) -> String {
    isSecret ? SecretMask.mask : SecretMask.masking(text)
  }
}

/// A setting without the type of its value, for listing and checking all of them. `key`, `presence` and `isSecret`
/// are as in ``Setting``; `help` says what it is for, in a sentence, with its unit.
package protocol SettingDescription: Sendable {
  var key: String { get }
  var presence: SettingPresence { get }
  var isSecret: Bool { get }
  var help: String { get }
  /// What a value looks like, to be put behind "expected": "a whole number from 1 to 100".
  var expected: String { get }

  /// Checks that a text is a value of this setting.
  ///
  /// - Throws: if it is not.
  func check(_ text: String) throws(SettingValueError)

  /// A value as people may see it and logs may keep it.
  func shown(_ text: String) -> String
}

extension SettingDescription {
  /// The environment variable that sets it, for example `XTBLISH_REGISTRY_HTTP_LISTEN`.
  package var environmentName: String { SettingName.environment(forKey: key) }
}

/// How the names of a setting in the environment and in the file correspond.
package enum SettingName {
  /// What all variables begin with.
  package static let prefix = "XTBLISH_"

  /// The variable for a key: upper case, with underscores for dots and hyphens.
  package static func environment(forKey key: String) -> String {
    prefix + String(key.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
  }
}
