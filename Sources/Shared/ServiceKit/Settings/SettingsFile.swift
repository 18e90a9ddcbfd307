import Configuration
import Foundation

/// The configuration file: one JSON object, nested along the dots of the keys.
package struct SettingsFile: Sendable {
  package let path: String
  /// Every key that has a value, in order.
  package let keys: [String]
  private let snapshot: JSONSnapshot

  /// Larger files are refused: a configuration takes a few kilobytes.
  package static let maximumBytes = 1 << 20

  package init(path: String) throws(SettingsError) {
    let data: Data
    do {
      data = try Self.read(path)
    } catch let problem as SettingProblem {
      throw SettingsError([problem])
    } catch {
      throw SettingsError([SettingProblem(key: nil, message: "can't read the configuration file \(path): \(error)")])
    }
    try self.init(path: path, contents: Array(data))
  }

  package init(path: String, contents: [UInt8]) throws(SettingsError) {
    func refuse(_ message: String) -> SettingsError {
      SettingsError([SettingProblem(key: nil, message: "the configuration file \(path) \(message)")])
    }
    guard contents.count <= Self.maximumBytes else {
      throw refuse("is larger than \(Self.maximumBytes) bytes; give the file of settings, not another one")
    }
    let tree: JSONTree
    do {
      tree = try JSONDecoder().decode(JSONTree.self, from: Data(contents))
    } catch {
      throw refuse("is not JSON: \(Self.explain(error)); correct it there")
    }
    guard case .object = tree else {
      throw refuse("must be a JSON object, such as {\"log\": {\"level\": \"debug\"}}")
    }
    do {
      snapshot = try JSONSnapshot(data: contents.span.bytes, providerName: path, parsingOptions: .default)
    } catch {
      throw refuse("can't be used: \(error)")
    }
    self.path = path
    keys = tree.leafKeys().sorted()
  }

  /// The value of `key` as text, or nil when the file has none.
  func text(forKey key: String) -> String? {
    let key = AbsoluteConfigKey(key.split(separator: ".").map(String.init))
    // The lookup is typed and refuses another type, so each form that JSON has is asked for in turn.
    for type in [ConfigType.string, .int, .double, .bool, .stringArray] {
      guard let value = try? snapshot.value(forKey: key, type: type).value else { continue }
      switch value.content {
      case .string(let text): return text
      case .int(let number): return String(number)
      case .double(let number): return String(number)
      case .bool(let bool): return String(bool)
      case .stringArray(let texts): return texts.joined(separator: ",")
      default: continue
      }
    }
    return nil
  }

  private static func read(_ path: String) throws -> Data {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw SettingProblem(
        key: nil, message: "can't open the configuration file \(path); give --config a file that you may read")
    }
    defer { try? handle.close() }
    return try handle.read(upToCount: maximumBytes + 1) ?? Data()
  }

  private static func explain(_ error: any Error) -> String {
    if case DecodingError.dataCorrupted(let context) = error, let cause = context.underlyingError as? NSError,
      let text = cause.userInfo["NSDebugDescription"] as? String
    {
      return text
    }
    return String(describing: error)
  }
}

extension SettingProblem: Error {}

/// Any JSON value, for the names in it alone.
private enum JSONTree: Decodable {
  case object([String: JSONTree])
  case leaf
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let members = try? container.decode([String: JSONTree].self) {
      self = .object(members)
    } else {
      self = .leaf
    }
  }

  func leafKeys(prefix: String = "") -> [String] {
    switch self {
    case .leaf: [prefix]
    case .null: []
    case .object(let members):
      members.flatMap { name, value in value.leafKeys(prefix: prefix.isEmpty ? name : "\(prefix).\(name)") }
    }
  }
}
