import FirmwareImage
package import Foundations

extension DeviceID {
  /// The ID in bytes that a client sent.
  ///
  /// - Throws: `invalid` unless they are 16.
  package init(checking bytes: some Collection<UInt8>) throws(RequestFailure) {
    guard let id = DeviceID(bytes: bytes) else {
      throw RequestFailure(field: "device-id", "has \(bytes.count) bytes: a UUID has 16")
    }
    self = id
  }

  /// The ID in bytes that a client sent, or nil for no bytes, where none need be given.
  package static func optional(checking bytes: some Collection<UInt8>) throws(RequestFailure) -> DeviceID? {
    bytes.isEmpty ? nil : try DeviceID(checking: bytes)
  }
}

extension SHA256Digest {
  /// The digest in bytes that a client sent.
  ///
  /// - Throws: `invalid` unless they are 32.
  package init(checking bytes: some Collection<UInt8>) throws(RequestFailure) {
    guard let digest = SHA256Digest(bytes: bytes) else {
      throw RequestFailure(field: "digest", "has \(bytes.count) bytes: a SHA-256 has 32")
    }
    self = digest
  }
}
