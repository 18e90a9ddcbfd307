import FoundationEssentials
import Glibc
import TextFormats

/// The configuration file at `path`: one JSON object, nested along the dots of the keys.
package struct SettingsFile: Sendable {
  package let path: String
  /// All keys that have a value, sorted.
  package let keys: [String]
  private let texts: [String: String]

  /// The longest file that is read; a configuration takes a few kilobytes.
  package static let maximumBytes = 1 << 20

  package init(path: String) throws(SettingsError) {
    guard let contents = Self.read(path) else {
      throw SettingsError([
        SettingProblem(
          key: nil, message: "can't read the configuration file \(path); give --config a file that you may read")
      ])
    }
    try self.init(path: path, contents: contents)
  }

  package init(path: String, contents: [UInt8]) throws(SettingsError) {
    func refuse(_ message: String) -> SettingsError {
      SettingsError([SettingProblem(key: nil, message: "the configuration file \(path) \(message)")])
    }
    guard contents.count <= Self.maximumBytes else {
      throw refuse("is larger than \(Self.maximumBytes) bytes; give the file of settings, not another one")
    }
    let tree: SettingsTree
    do {
      tree = try JSONCoding.decode(SettingsTree.self, from: contents)
    } catch {
      guard case DecodingError.dataCorrupted(let context) = error else { throw refuse("is not JSON: \(error)") }
      throw refuse("is not JSON: \(context.debugDescription)")
    }
    guard case .object = tree else {
      throw refuse("must be a JSON object, such as {\"log\": {\"level\": \"debug\"}}")
    }
    var texts: [String: String] = [:]
    for (key, leaf) in tree.leaves() {
      guard let text = leaf.text else {
        throw refuse("can't be used: \(key) must be a text, a number, true, false or a list of texts")
      }
      texts[key] = text
    }
    self.path = path
    self.texts = texts
    keys = texts.keys.sorted()
  }

  /// The value of `key` as text, or nil when the file has none.
  func text(forKey key: String) -> String? { texts[key] }

  /// At most a byte more than a settings file may have; nil if it can't be read.
  private static func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    let contents = [UInt8](unsafeUninitializedCapacity: maximumBytes + 1) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return ferror(file) == 0 ? contents : nil
  }
}

/// A JSON value as a setting may have it.
private enum SettingsTree: Decodable {
  case object([String: SettingsTree])
  case text(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case texts([String])
  case other
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let members = try? container.decode([String: SettingsTree].self) {
      self = .object(members)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let integer = try? container.decode(Int.self) {
      self = .integer(integer)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let texts = try? container.decode([String].self) {
      self = .texts(texts)
    } else {
      self = .other
    }
  }

  /// As an environment variable would say it; nil for what is no setting.
  var text: String? {
    switch self {
    case .text(let text): text
    case .integer(let integer): String(integer)
    case .number(let number): String(number)
    case .boolean(let boolean): String(boolean)
    case .texts(let texts): texts.joined(separator: ",")
    case .object, .other, .null: nil
    }
  }

  /// Everything that is no object, by its key; nulls are left out.
  func leaves(prefix: String = "") -> [(key: String, value: SettingsTree)] {
    switch self {
    case .null: []
    case .object(let members):
      members.flatMap { name, value in value.leaves(prefix: prefix.isEmpty ? name : "\(prefix).\(name)") }
    default: [(prefix, self)]
    }
  }
}
