import CXTB1

/// Values that outlive the app and its next version; they belong to the app's name. A value whose `set` has returned
/// survives a power cut.
public enum Storage {
  /// The bytes kept under a key; nil if there are none.
  public static func bytes(_ key: String) throws(HostError) -> [UInt8]? {
    do throws(HostError) {
      return try [UInt8].filled { buffer, capacity in
        key.withBytes { xtb_kv_get($0, $1, buffer, capacity) }
      }
    } catch {
      if error == .notFound { return nil }
      throw error
    }
  }

  /// Keeps bytes under a key. `.full`: the app's share of the storage is used up.
  public static func set(_ key: String, _ value: [UInt8]) throws(HostError) {
    try check(
      value.withUnsafeBytes { bytes in
        key.withBytes { xtb_kv_set($0, $1, bytes.baseAddress, UInt32(bytes.count)) }
      })
  }

  /// A number that `set(_:number:)` kept; nil if there is none.
  public static func number(_ key: String) throws(HostError) -> Int64? {
    guard let bytes = try bytes(key), bytes.count == 8 else { return nil }
    var value: UInt64 = 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return Int64(bitPattern: value)
  }

  /// Kept as 8 bytes, little-endian.
  public static func set(_ key: String, number: Int64) throws(HostError) {
    let value = UInt64(bitPattern: number)
    try set(key, (0..<8).map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) })
  }

  /// `.notFound` if there is none.
  public static func remove(_ key: String) throws(HostError) {
    try check(key.withBytes { xtb_kv_delete($0, $1) })
  }

  /// All keys, in the order of their bytes.
  public static func keys() throws(HostError) -> [String] {
    var keys: [String] = []
    var last: [UInt8] = []
    while true {
      do throws(HostError) {
        let previous = last
        last = try [UInt8].filled { buffer, capacity in
          previous.withUnsafeBytes { bytes in
            xtb_kv_next(
              bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(bytes.count),
              buffer?.assumingMemoryBound(to: CChar.self), capacity)
          }
        }
      } catch {
        if error == .notFound { return keys }
        throw error
      }
      keys.append(String(decoding: last, as: UTF8.self))
    }
  }
}
