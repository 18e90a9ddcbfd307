package import Foundations

/// A notification that a dispatcher has claimed for a while.
package struct OutboxEntry: Sendable, Equatable {
  package struct Key: Sendable, Hashable {
    package var device: DeviceID
    package var version: UInt64

    package init(device: DeviceID, version: UInt64) {
      self.device = device
      self.version = version
    }
  }

  package var key: Key
  package var digest: SHA256Digest
  /// Of the whole image.
  package var sizeBytes: UInt64
  /// Made so far, this one included.
  package var attempts: UInt64
  /// Since it was put into the outbox.
  package var age: Duration

  package init(key: Key, digest: SHA256Digest, sizeBytes: UInt64, attempts: UInt64, age: Duration) {
    self.key = key
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.attempts = attempts
    self.age = age
  }
}
