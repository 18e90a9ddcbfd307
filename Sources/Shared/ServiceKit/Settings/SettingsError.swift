/// Everything that is wrong with a configuration, all `problems` at once.
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let problems: [SettingProblem]

  package init(_ problems: [SettingProblem]) {
    self.problems = problems
  }

  /// All problems, one a line.
  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// One thing that is wrong with a configuration.
package struct SettingProblem: Hashable, Sendable, CustomStringConvertible {
  /// The key of the setting that it is about; nil when it is about the file as a whole.
  package let key: String?
  /// What is wrong and what to do, with secrets masked.
  package let message: String

  package init(key: String?, message: String) {
    self.key = key
    self.message = message
  }

  package var description: String { message }
}
