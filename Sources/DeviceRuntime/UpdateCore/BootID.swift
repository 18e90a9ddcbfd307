/// Tells one boot of the kernel from the next, and so a power cut from the death of a process.
package struct BootID: Sendable, Hashable {
  /// The 16 bytes of the kernel's `boot_id`; all zero: unknown.
  package let bytes: [UInt8]

  /// How many bytes an ID has.
  package static let sizeBytes = 16
  /// What stands for the ID where the kernel does not say it. Two unknown boots count as one and the same.
  package static let unknown = BootID(bytes: [UInt8](repeating: 0, count: sizeBytes))!

  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.sizeBytes else { return nil }
    self.bytes = bytes
  }
}
