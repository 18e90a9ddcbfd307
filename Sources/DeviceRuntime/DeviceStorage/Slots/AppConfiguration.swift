import DeviceProtocol
import FoundationEssentials
import TextFormats

/// What apps read with `config_get`: texts by key, in a file of JSON beside the slots. An operator of the device sets
/// them; an app sees what they were when it started.
package struct AppConfiguration: Sendable, Equatable {
  /// The file's name on the device's flash.
  package static let fileName = "app-configuration.json"
  /// The largest file that is read or written.
  package static let maximumBytes = 64 * 1024
  /// The longest key: an app can name no longer one.
  static let maximumKeyBytes = HostInterface.keyLimitBytes

  /// The texts by their keys.
  package var values: [String: String]

  /// What is wrong with the file or with a key, and what to do about it.
  package struct Problem: Error, CustomStringConvertible, Equatable {
    package let description: String
  }

  package init(_ values: [String: String] = [:]) { self.values = values }

  /// Reads the file of a device; if there is none, there are no texts.
  package init(from flash: some Flash) throws {
    guard let bytes = try flash.readAll(Self.fileName, maximumBytes: Self.maximumBytes) else {
      values = [:]
      return
    }
    do {
      values = try JSONCoding.decode([String: String].self, from: bytes)
    } catch {
      throw Problem(description: "\(Self.fileName) is not a JSON object of texts; correct or remove it")
    }
  }

  /// Sets, changes or removes one text.
  ///
  /// - Parameter value: nil removes the key.
  /// - Throws: ``Problem`` if the key is empty, too long or has control characters.
  package mutating func set(_ key: String, to value: String?) throws(Problem) {
    let isPlain = key.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard (1...Self.maximumKeyBytes).contains(key.utf8.count), isPlain else {
      throw Problem(
        description: "a key is 1 to \(Self.maximumKeyBytes) bytes of UTF-8 without control characters")
    }
    values[key] = value
  }

  /// Writes the file: whoever reads it sees the old one or the new one, whenever the power fails.
  package func write(to flash: some Flash) throws {
    let bytes = Array(try JSONCoding.encoder(pretty: true).encode(values)) + Array("\n".utf8)
    guard bytes.count <= Self.maximumBytes else {
      throw Problem(
        description: "all keys and values together may have \(Self.maximumBytes) bytes, and have \(bytes.count)")
    }
    try flash.replace(Self.fileName, with: bytes)
  }
}
