/// Bounds of what apps may keep.
package struct KeyValueLimits: Sendable, Equatable {
  /// Keys and values of one app together, in bytes.
  package var bytes: Int
  package var keys: Int
  package var keyBytes: Int
  /// Apps, by name, that may keep something on one device.
  package var scopes: Int
  /// Changes of one app, so many a second over time and so many at once: flash wears out. A value that is stored
  /// already is none.
  package var changesPerSecond = 10
  package var changesAtOnce = 200
  /// Of keys and values that it changes.
  package var changedBytesPerSecond = 16 << 10
  package var changedBytesAtOnce = 512 << 10

  package init(bytes: Int = 64 << 10, keys: Int = 1024, keyBytes: Int = 128, scopes: Int = 32) {
    self.bytes = bytes
    self.keys = keys
    // A record has one byte for a key's length.
    self.keyBytes = min(keyBytes, 255)
    self.scopes = scopes
  }
}

/// Why a call on the store failed.
package enum KeyValueError: Error, Sendable, Equatable {
  /// No such key, or none after it.
  case missing
  /// An empty or too long key.
  case invalid
  /// The app changes its values too fast.
  case tooFast(String)
  /// A bound is reached, or the flash is full.
  case noSpace(String)
  /// The flash fails. The value may be the old or the new one after the next start.
  case failed(String)
}
