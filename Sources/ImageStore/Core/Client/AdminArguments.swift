package import FirmwareImage
import ServiceKit

/// Reads what operators type; what it can't read is an error that says what to type.
package enum AdminArguments {
  package static func device(_ text: String) throws -> DeviceID {
    guard let id = DeviceID(text) else {
      throw AdminError(
        "'\(text)' is no device ID: a UUID like 01234567-89ab-cdef-0123-456789abcdef", status: .usage)
    }
    return id
  }

  package static func digest(_ text: String) throws -> SHA256Digest {
    guard let digest = SHA256Digest(text) else {
      throw AdminError("'\(text)' is no digest: sha256: and 64 hexadecimal digits", status: .usage)
    }
    return digest
  }

  package static func target(_ text: String) throws -> PullTarget {
    guard let target = PullTarget(text) else {
      throw AdminError("'\(text)' is neither a digest nor a device ID, nor DEVICE/VERSION", status: .usage)
    }
    return target
  }
}
