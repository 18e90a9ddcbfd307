import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import Messaging
import ServiceKit

/// The password that all replicas show the broker, and nobody else knows.
struct BrokerPassword: Sendable {
  /// The password; nil where the broker asks for none.
  let text: String?

  private static let maximumBytes = 1_024

  init(_ text: String?) {
    self.text = text
  }

  /// - Parameters:
  ///   - path: of a file that its owner alone may read; its first line is the password.
  ///   - name: of the setting that says so, for who has to change it.
  /// - Throws: `AdminError` for a file that can't be used.
  init(file path: String, setting name: String) throws {
    do { try SmallFile.check(path, .secret) } catch {
      throw AdminError("\(name): \(error)", status: .configuration)
    }
    guard let contents = FileManager.default.contents(atPath: path), contents.count <= Self.maximumBytes,
      let line = String(validating: contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self), !line.isEmpty
    else {
      throw AdminError("\(name): \(path) holds no password: its first line should be one", status: .configuration)
    }
    text = line
  }

  /// The name of the group in which replicas share what devices say. Whoever knows it can join it, and so take messages
  /// away from them: the broker asks nobody which subscriptions they make. It follows from the password, so that all
  /// replicas find the same one.
  func sharedGroup() throws -> String {
    guard let text else { return "notifier" }
    let digest = try SHA256Digest.of("xtblish-notifier-group\0\(text)".utf8)
    return "notifier-\(Hexadecimal.encode(digest.bytes.prefix(16)))"
  }

  /// Filters of subscriptions that replicas share. Devices' topics start with a slash, so there are two after the group.
  static func shared(_ subjects: Set<DeviceTopic.Subject>, in group: String) -> [String] {
    subjects.map { "$share/\(group)/\($0.filterOfAllDevices)" }
  }
}
