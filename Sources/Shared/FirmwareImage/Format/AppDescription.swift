package import Foundations

/// What a publisher states about an app, and signs. `name` and `version` are the publisher's own labels, empty if it
/// gives none.
package struct AppDescription: Hashable, Sendable {
  /// The shortest module is its 8-byte preamble; the longest keeps the image's length within `Int64`, in which files
  /// are measured. In bytes.
  package static let wasmLengthRange: ClosedRange<UInt64> = 8...UInt64(Int64.max) - UInt64(ImageHeader.byteCount)

  /// Length of the module in bytes.
  package let wasmLength: UInt64
  /// SHA-256 of the module, under which the image store keeps it.
  package let wasmDigest: SHA256Digest
  /// Grows when older versions of an app become dangerous: a device refuses an epoch below the one in its OTP bank
  /// (one-time programmable memory).
  package let securityEpoch: UInt32
  /// The host API level that the app needs; 0 if it uses none of the host's own functions.
  package let hostAPILevel: UInt32
  package let name: AppLabel
  package let version: AppLabel

  package init(
    wasmLength: UInt64, wasmDigest: SHA256Digest, securityEpoch: UInt32 = 0, hostAPILevel: UInt32 = 0,
    name: AppLabel = .empty, version: AppLabel = .empty
  ) throws(ImageFormatError) {
    guard Self.wasmLengthRange.contains(wasmLength) else { throw .wasmLengthOutOfRange(wasmLength) }
    self.wasmLength = wasmLength
    self.wasmDigest = wasmDigest
    self.securityEpoch = securityEpoch
    self.hostAPILevel = hostAPILevel
    self.name = name
    self.version = version
  }

  /// The bytes that the publisher's key signs.
  package var publisherMessage: [UInt8] {
    Array("xtblish-publisher-v1\0".utf8) + wasmDigest.bytes + LittleEndian.bytes(wasmLength)
      + LittleEndian.bytes(securityEpoch) + LittleEndian.bytes(hostAPILevel) + name.encoded + version.encoded
  }
}
