package import Foundations

/// A notification that a dispatcher has claimed for a while: its `key`, and the `digest` of the version's wasm.
package struct OutboxEntry: Sendable, Equatable {
  /// Which notification it is: that `device` is to have `version` of its firmware. The outbox holds at most one of
  /// each.
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
  /// Bytes of the whole image: header, configuration and wasm.
  package var sizeBytes: UInt64
  /// How often sending was begun, this time included.
  package var attempts: UInt64
  /// Time since the notification was put into the outbox.
  package var age: Duration
  /// Time since the version was assigned.
  package var sinceAssigned: Duration
  /// The part of a trace that assigning the version was; nil: it is not known.
  package var trace: TraceContext?

  package init(
    key: Key, digest: SHA256Digest, sizeBytes: UInt64, attempts: UInt64, age: Duration,
    sinceAssigned: Duration = .zero, trace: TraceContext? = nil
  ) {
    self.key = key
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.attempts = attempts
    self.age = age
    self.sinceAssigned = sinceAssigned
    self.trace = trace
  }
}
