import DeviceProtocol

/// Bounds of what apps may keep. `keys` is how many keys one app may have, `keyBytes` how long one may be, at most
/// 255.
///
/// Rates have a steady part and a reserve for bursts: `changesAtOnce` changes, and `changedBytesAtOnce` bytes of keys
/// and values, go through at once after a pause.
package struct KeyValueLimits: Sendable, Equatable {
  /// How many bytes the keys and values of one app may have together.
  package var bytes: Int
  package var keys: Int
  package var keyBytes: Int
  /// How many apps, by their names, may keep something on one device.
  package var scopes: Int
  /// Changes of one app, a second, over time: flash wears out. Storing a value that is there already counts as none.
  package var changesPerSecond = 10
  package var changesAtOnce = 200
  /// Bytes of the keys and values that one app changes, a second, over time.
  package var changedBytesPerSecond = 16 << 10
  package var changedBytesAtOnce = 512 << 10

  package init(
    bytes: Int = 64 << 10, keys: Int = 1024, keyBytes: Int = HostInterface.storedKeyLimitBytes, scopes: Int = 32
  ) {
    self.bytes = bytes
    self.keys = keys
    // A record has one byte for a key's length.
    self.keyBytes = min(keyBytes, 255)
    self.scopes = scopes
  }
}
