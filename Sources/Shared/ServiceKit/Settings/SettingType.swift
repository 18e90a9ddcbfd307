import Logging

/// How the text of a setting becomes a value: `parse` reads it, or throws if the text is no value.
package struct SettingType<Value: Sendable>: Sendable {
  /// What a value looks like, to be put behind "expected".
  package let expected: String
  package let parse: @Sendable (String) throws(SettingValueError) -> Value

  /// - Parameter parse: returns nil for text that is not what `expected` says.
  package init(expected: String, _ parse: @escaping @Sendable (String) -> Value?) {
    self.expected = expected
    self.parse = { (text: String) throws(SettingValueError) -> Value in
      guard let value = parse(text) else { throw SettingValueError(expected: expected) }
      return value
    }
  }
}

/// A text that is not a value of its setting; `expected` says what a value looks like. The text itself is not in it,
/// as it may be a secret.
package struct SettingValueError: Error, Equatable, Sendable {
  package let expected: String

  package init(expected: String) {
    self.expected = expected
  }
}

extension SettingType where Value == String {
  /// Any text, but not an empty one.
  package static var text: Self {
    Self(expected: "a text") { $0.isEmpty ? nil : $0 }
  }

  /// A path of the file system. It is relative to the working folder unless it starts with a slash.
  package static var path: Self {
    Self(expected: "a path") { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 }
  }
}

extension SettingType where Value == Bool {
  /// `true` or `false`, also as yes and no, on and off, or 1 and 0; in any case.
  package static var boolean: Self {
    Self(expected: "true or false") { text in
      switch text.lowercased() {
      case "true", "yes", "on", "1": true
      case "false", "no", "off", "0": false
      default: nil
      }
    }
  }
}

extension SettingType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases of an enumeration, by its raw value.
  package static var choice: Self {
    Self(expected: "one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))") { Value(rawValue: $0) }
  }
}

extension SettingType where Value == Logger.Level {
  static var logLevel: Self {
    Self(expected: "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))") {
      Logger.Level(rawValue: $0.lowercased())
    }
  }
}
