/// The JSON of `/firmware/{id}/{version}`, which tells a device that a version waits for it. It is not signed: a
/// device believes nothing of it before it has verified the image.
package struct NotificationMessage: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case version, digest, size, url }

  /// The version that waits: from 1, and the same as in the topic.
  package var version: UInt64
  /// The module's digest: `sha256:` and 64 hexadecimal digits.
  package var digest: String
  /// Length of the whole image in bytes.
  package var size: UInt64
  /// Where to ask for the image first; empty or missing: at an image store that the device knows.
  package var url: String?

  package init(version: UInt64, digest: String, size: UInt64, url: String?) {
    self.version = version
    self.digest = digest
    self.size = size
    self.url = url
  }
}
