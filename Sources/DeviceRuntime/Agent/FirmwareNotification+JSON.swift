import DeviceProtocol
import FirmwareImage
import FoundationEssentials
package import Foundations
import TextFormats
import UpdateCore

/// Why a message on a firmware topic is no notification.
package struct InvalidNotification: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String
}

extension FirmwareNotification {
  /// Reads a message on `/firmware/{id}/{version}`; anything may come here, and only what fits in every way is taken.
  package init(topic: String, payload: [UInt8], device: DeviceID) throws(InvalidNotification) {
    guard let address = FirmwareAddress(parsing: topic) else {
      throw InvalidNotification(description: "the topic is not /firmware/{id}/{version}")
    }
    guard address.device == device else { throw InvalidNotification(description: "it is for another device") }
    guard payload.count <= DeviceLimit.notificationBytes.value else {
      throw InvalidNotification(description: "\(payload.count) bytes are too many")
    }
    let fields: NotificationMessage
    do {
      fields = try JSONCoding.decode(NotificationMessage.self, from: payload)
    } catch {
      throw InvalidNotification(description: "it is not the JSON object that it should be")
    }
    guard fields.version == address.version else {
      throw InvalidNotification(description: "its version and its topic's differ")
    }
    guard fields.digest.hasPrefix("sha256:"), let digest = SHA256Digest(fields.digest) else {
      throw InvalidNotification(description: "its digest is not sha256: and 64 digits")
    }
    let smallest = UInt64(ImageHeader.byteCount)
    guard fields.size > smallest, fields.size <= UInt64(Int64.max) else {
      throw InvalidNotification(description: "no image has \(fields.size) bytes")
    }
    let url = fields.url ?? ""
    guard url.utf8.count <= DeviceLimit.notificationURLBytes.value else {
      throw InvalidNotification(description: "its URL is too long")
    }
    self.init(version: fields.version, digest: digest, sizeBytes: fields.size, url: url)
  }
}
