/// The JSON of `/firmware/{id}/{version}`: that a version waits for the device. Nobody signs it.
package struct NotificationMessage: Codable, Sendable, Equatable {
  package enum CodingKeys: String, CodingKey, CaseIterable { case version, digest, size, url }

  /// From 1; the same as in the topic.
  package var version: UInt64
  /// Of the module: `sha256:` and 64 hexadecimal digits.
  package var digest: String
  /// Of the whole image, in bytes.
  package var size: UInt64
  /// Where to ask for it first; empty or missing: at an image store that the device knows.
  package var url: String?

  package init(version: UInt64, digest: String, size: UInt64, url: String?) {
    self.version = version
    self.digest = digest
    self.size = size
    self.url = url
  }
}
