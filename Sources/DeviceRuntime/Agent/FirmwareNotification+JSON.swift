import FirmwareImage
internal import FoundationEssentials
package import Foundations
import ServiceKit
internal import UpdateCore

/// Why a message on a firmware topic is no notification.
package struct InvalidNotification: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String
}

extension FirmwareNotification {
  private struct Payload: Decodable {
    var version: UInt64
    var digest: String
    var size: UInt64
    var url: String?
  }

  package static let maximumPayloadBytes = 16 * 1024
  private static let maximumURLBytes = 2048

  /// Reads a message on `/firmware/{id}/{version}`; anything may come here, and only what fits in every way is taken.
  package init(topic: String, payload: [UInt8], device: DeviceID) throws(InvalidNotification) {
    let parts = topic.levelsOfTopic
    guard parts.count == 4, parts[0].isEmpty, parts[1] == "firmware" else {
      throw InvalidNotification(description: "the topic is not /firmware/{id}/{version}")
    }
    guard parts[2] == device.description else { throw InvalidNotification(description: "it is for another device") }
    guard payload.count <= Self.maximumPayloadBytes else {
      throw InvalidNotification(description: "\(payload.count) bytes are too many")
    }
    let fields: Payload
    do {
      fields = try JSONCoding.decode(Payload.self, from: payload)
    } catch {
      throw InvalidNotification(description: "it is not the JSON object that it should be")
    }
    guard fields.version > 0, String(fields.version) == parts[3] else {
      throw InvalidNotification(description: "its version and its topic's differ, or are 0")
    }
    guard fields.digest.hasPrefix("sha256:"), let digest = SHA256Digest(fields.digest) else {
      throw InvalidNotification(description: "its digest is not sha256: and 64 digits")
    }
    let smallest = UInt64(ImageHeader.byteCount)
    guard fields.size > smallest, fields.size <= UInt64(Int64.max) else {
      throw InvalidNotification(description: "no image has \(fields.size) bytes")
    }
    let url = fields.url ?? ""
    guard url.utf8.count <= Self.maximumURLBytes else { throw InvalidNotification(description: "its URL is too long") }
    self.init(version: fields.version, digest: digest, sizeBytes: fields.size, url: url)
  }
}
