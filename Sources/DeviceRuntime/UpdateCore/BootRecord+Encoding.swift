import Foundations

/// The 512 bytes of a stored record, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `XBR1` |
/// | 4 | 1 | 1: the agent ended because it was asked to |
/// | 5 | 1 | 1: the version that failed was signed |
/// | 6 | 2 | zero |
/// | 8 | 8 | sequence number: of two good copies the higher one counts |
/// | 16 | 4 | boot count |
/// | 20 | 1 | active slot: 0 none, 1 A, 2 B |
/// | 21 | 1 | kind of failure: 0 none, 1 rolled back, 2 refused |
/// | 22 | 2 | length of the failure's reason |
/// | 24 | 8 | highest confirmed version |
/// | 32 | 64 | slot A |
/// | 96 | 64 | slot B |
/// | 160 | 8 | version that failed |
/// | 168 | 32 | its digest |
/// | 200 | 256 | reason, UTF-8 |
/// | 456 | 16 | ID of the kernel's boot |
/// | 472 | 8 | epoch; zero in records of older agents |
/// | 480 | 32 | SHA-256 of bytes 0…479 |
///
/// A slot is: state, agent's deaths in the trial, power cuts in it (1 byte each), 5 zero bytes, version (8), size of
/// the image (8), digest (32), security epoch (4), 4 zero bytes.
extension BootRecord {
  /// The size of every stored record.
  package static let encodedSizeBytes = 512
  static let maximumReasonBytes = 256
  private static let magic: [UInt8] = Array("XBR1".utf8)
  private static let bootOffset = 456
  private static let epochOffset = 472
  private static let checkedSizeBytes = 480

  /// The bytes to store.
  ///
  /// - Parameters:
  ///   - sequence: higher than that of every record before it.
  ///   - sha256: the hash, from wherever this device has it.
  package func encoded<Failure: Error>(
    sequence: UInt64, sha256: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.encodedSizeBytes)
    let reason = Array((failed?.reason ?? "").prefixOfUTF8(Self.maximumReasonBytes).utf8)
    bytes += Self.magic
    bytes.append(isStoppedCleanly ? 1 : 0)
    bytes.append(failed?.isSigned == true ? 1 : 0)
    bytes.appendZeros(2)
    bytes.append(integer: sequence)
    bytes.append(integer: bootCount)
    bytes.append(active.map { $0 == .a ? 1 : 2 } ?? 0)
    bytes.append(failed?.kind.rawValue ?? 0)
    bytes.append(integer: UInt16(reason.count))
    bytes.append(integer: highestConfirmedVersion)
    for slot in [slotA, slotB] {
      bytes += [slot.state.rawValue, slot.agentDeaths, slot.powerCuts]
      bytes.appendZeros(5)
      bytes.append(integer: slot.version)
      bytes.append(integer: slot.sizeBytes)
      bytes += slot.digest?.bytes ?? [UInt8](repeating: 0, count: 32)
      bytes.append(integer: slot.securityEpoch)
      bytes.appendZeros(4)
    }
    bytes.append(integer: failed?.version ?? 0)
    bytes += failed?.digest.bytes ?? [UInt8](repeating: 0, count: 32)
    bytes += reason
    bytes.appendZeros(Self.bootOffset - bytes.count)
    bytes += boot.bytes
    bytes.append(integer: epoch)
    bytes.appendZeros(Self.checkedSizeBytes - bytes.count)
    bytes += try sha256(bytes)
    return bytes
  }

  /// Reads a stored record.
  ///
  /// - Returns: nil for anything that `encoded` did not write, whole.
  package static func decode<Failure: Error>(
    _ bytes: [UInt8], sha256: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) -> (record: BootRecord, sequence: UInt64)? {
    guard bytes.count == encodedSizeBytes, Array(bytes[0..<4]) == magic,
      try sha256(Array(bytes[..<checkedSizeBytes])) == Array(bytes[checkedSizeBytes...])
    else { return nil }
    var record = BootRecord()
    record.isStoppedCleanly = bytes[4] == 1
    record.bootCount = bytes.integer(at: 16)
    record.boot = BootID(bytes: Array(bytes[bootOffset..<bootOffset + BootID.sizeBytes])) ?? .unknown
    record.epoch = bytes.integer(at: epochOffset)
    record.active = bytes[20] == 1 ? .a : bytes[20] == 2 ? .b : nil
    record.highestConfirmedVersion = bytes.integer(at: 24)
    guard let slotA = decodeSlot(bytes, at: 32), let slotB = decodeSlot(bytes, at: 96) else { return nil }
    record.slotA = slotA
    record.slotB = slotB
    if let kind = FailedVersion.Kind(rawValue: bytes[21]), let digest = SHA256Digest(bytes: Array(bytes[168..<200])) {
      let reasonLength = min(Int(bytes.integer(at: 22) as UInt16), maximumReasonBytes)
      record.failed = FailedVersion(
        kind, version: bytes.integer(at: 160), digest: digest,
        reason: String(decoding: bytes[200..<200 + reasonLength], as: UTF8.self), isSigned: bytes[5] == 1)
    }
    return (record, bytes.integer(at: 8))
  }

  private static func decodeSlot(_ bytes: [UInt8], at offset: Int) -> SlotRecord? {
    guard let state = SlotRecord.State(rawValue: bytes[offset]) else { return nil }
    var slot = SlotRecord()
    slot.state = state
    slot.agentDeaths = bytes[offset + 1]
    slot.powerCuts = bytes[offset + 2]
    slot.securityEpoch = bytes.integer(at: offset + 56)
    slot.version = bytes.integer(at: offset + 8)
    slot.sizeBytes = bytes.integer(at: offset + 16)
    let digest = Array(bytes[offset + 24..<offset + 56])
    slot.digest = digest.allSatisfy { $0 == 0 } ? nil : SHA256Digest(bytes: digest)
    return slot
  }
}

extension [UInt8] {
  fileprivate mutating func append<I: FixedWidthInteger>(integer: I) {
    for byte in 0..<I.bitWidth / 8 { append(UInt8(truncatingIfNeeded: integer >> (8 * byte))) }
  }

  fileprivate mutating func appendZeros(_ count: Int) { append(contentsOf: repeatElement(0, count: count)) }

  fileprivate func integer<I: FixedWidthInteger>(at offset: Int) -> I {
    (0..<I.bitWidth / 8).reduce(0) { $0 | I(truncatingIfNeeded: self[offset + $1]) << I(8 * $1) }
  }
}
