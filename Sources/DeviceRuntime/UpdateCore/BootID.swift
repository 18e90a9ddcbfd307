/// Tells one boot of the kernel from the next, and so a power cut from the death of a process.
package struct BootID: Sendable, Hashable {
  /// 16 bytes.
  package let bytes: [UInt8]

  /// Of every ID.
  package static let sizeBytes = 16
  /// The kernel does not say. Two unknown boots count as one and the same.
  package static let unknown = BootID(bytes: [UInt8](repeating: 0, count: sizeBytes))!

  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.sizeBytes else { return nil }
    self.bytes = bytes
  }
}
