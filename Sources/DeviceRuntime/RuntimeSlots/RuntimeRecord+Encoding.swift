import Foundations
import OpenSSL
import RuntimeBundle
import UpdateCore

/// The 256 bytes of a stored record, little-endian; a version is three numbers of 2 bytes and 2 zero bytes:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `XRR1` |
/// | 4 | 1 | active slot: 0 the package's, 1 A, 2 B |
/// | 5 | 1 | slot on trial: 0 none, 1 A, 2 B |
/// | 6 | 1 | starts of the trial that are left |
/// | 7 | 1 | length of the failure's reason |
/// | 8 | 8 | sequence number: of two good copies the higher one counts |
/// | 16 | 8 | lowest version that is taken |
/// | 24 | 64 | slot A |
/// | 88 | 64 | slot B |
/// | 152 | 8 | version that failed |
/// | 160 | 64 | reason, UTF-8 |
/// | 224 | 32 | SHA-256 of bytes 0…223 |
///
/// A slot is: state (1), 7 zero bytes, version (8), lowest version after it (8), version of the package (8), SHA-256 of its
/// manifest (32).
extension RuntimeRecord {
  static let encodedSizeBytes = 256
  private static let checkedSizeBytes = 224
  private static let maximumReasonBytes = 64
  private static let magic: [UInt8] = Array("XRR1".utf8)

  func encoded(sequence: UInt64) throws(OpenSSLError) -> [UInt8] {
    let reason = Array(failure.prefixOfUTF8(Self.maximumReasonBytes).utf8)
    var bytes = Self.magic
    bytes += [Self.byte(active), Self.byte(trial), startsLeft, UInt8(reason.count)]
    bytes += LittleEndian.bytes(sequence)
    bytes += Self.bytes(minimumVersion)
    for slot in [slotA, slotB] {
      bytes += [slot.state.rawValue, 0, 0, 0, 0, 0, 0, 0]
      bytes += Self.bytes(slot.version) + Self.bytes(slot.minimumVersion) + Self.bytes(slot.besidePackage)
      bytes += slot.manifest?.bytes ?? [UInt8](repeating: 0, count: 32)
    }
    bytes += Self.bytes(failedVersion)
    bytes += reason + [UInt8](repeating: 0, count: Self.maximumReasonBytes - reason.count)
    bytes += try SHA256.digest(of: bytes)
    return bytes
  }

  /// - Returns: nil for anything that `encoded` did not write, whole.
  static func decode(_ bytes: [UInt8]) throws(OpenSSLError) -> (record: RuntimeRecord, sequence: UInt64)? {
    guard bytes.count == encodedSizeBytes, Array(bytes[0..<4]) == magic,
      try SHA256.digest(of: bytes[..<checkedSizeBytes]) == Array(bytes[checkedSizeBytes...]),
      let slotA = slot(bytes[24..<88]), let slotB = slot(bytes[88..<152])
    else { return nil }
    var record = RuntimeRecord()
    record.active = slot(byte: bytes[4])
    record.trial = slot(byte: bytes[5])
    record.startsLeft = bytes[6]
    record.minimumVersion = version(bytes[16..<24])
    record.slotA = slotA
    record.slotB = slotB
    record.failedVersion = version(bytes[152..<160])
    record.failure = String(decoding: bytes[160..<160 + min(Int(bytes[7]), maximumReasonBytes)], as: UTF8.self)
    return (record, LittleEndian.integer(from: bytes[8..<16]))
  }

  private static func slot(_ bytes: ArraySlice<UInt8>) -> RuntimeSlotRecord? {
    let start = bytes.startIndex
    guard let state = RuntimeSlotRecord.State(rawValue: bytes[start]) else { return nil }
    let digest = bytes[start + 32..<start + 64]
    return RuntimeSlotRecord(
      state: state, version: version(bytes[start + 8..<start + 16]),
      minimumVersion: version(bytes[start + 16..<start + 24]),
      besidePackage: version(bytes[start + 24..<start + 32]),
      manifest: digest.contains { $0 != 0 } ? SHA256Digest(bytes: digest) : nil)
  }

  private static func byte(_ slot: Slot?) -> UInt8 {
    switch slot {
    case nil: 0
    case .a: 1
    case .b: 2
    }
  }

  private static func slot(byte: UInt8) -> Slot? { byte == 1 ? .a : byte == 2 ? .b : nil }

  private static func bytes(_ version: RuntimeVersion) -> [UInt8] {
    [version.major, version.minor, version.patch, 0].flatMap { LittleEndian.bytes($0) }
  }

  private static func version(_ bytes: ArraySlice<UInt8>) -> RuntimeVersion {
    func number(_ offset: Int) -> UInt16 {
      LittleEndian.integer(from: bytes[bytes.startIndex + offset..<bytes.startIndex + offset + 2])
    }
    return RuntimeVersion(major: number(0), minor: number(2), patch: number(4))
  }
}
