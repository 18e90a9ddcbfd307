package import DeviceStorage
import Synchronization

/// A flash whose operations fail when a test says so.
package final class FaultyFlash: Flash {
  package enum Operation: Sendable, Hashable, CaseIterable {
    case list, size, read, write, resize, sync, rename, remove, syncNames

    fileprivate var isChange: Bool { ![.list, .size, .read].contains(self) }
  }

  private let base: any Flash
  private let fault: @Sendable (Operation, String) -> FlashError?
  private let available: @Sendable (UInt64) -> UInt64
  private let failingChange: Int?
  private let changes = Atomic<Int>(0)

  /// - Parameters:
  ///   - fault: the error of an operation on a file, if it is to have one.
  ///   - available: what it says that is free, from what is.
  ///   - failingChange: which operation fails of those that change something, from 0; nil: none for that.
  package init(
    _ base: any Flash, available: @escaping @Sendable (UInt64) -> UInt64 = { $0 }, failingChange: Int? = nil,
    fault: @escaping @Sendable (Operation, String) -> FlashError? = { _, _ in nil }
  ) {
    self.base = base
    self.available = available
    self.failingChange = failingChange
    self.fault = fault
  }

  /// How many operations were asked for so far that change something.
  package var changeCount: Int { changes.load(ordering: .relaxed) }

  package func path(of name: String) -> String? { base.path(of: name) }

  package func list() throws(FlashError) -> [String] {
    try check(.list, "")
    return try base.list()
  }

  package func size(of name: String) throws(FlashError) -> UInt64? {
    try check(.size, name)
    return try base.size(of: name)
  }

  package func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try check(.read, name)
    return try base.read(name, from: offset, count: count)
  }

  package func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    try check(.write, name)
    try base.write(bytes, to: name, at: offset)
  }

  package func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try check(.resize, name)
    try base.resize(name, to: sizeBytes)
  }

  package func sync(_ name: String) throws(FlashError) {
    try check(.sync, name)
    try base.sync(name)
  }

  package func rename(_ old: String, to new: String) throws(FlashError) {
    try check(.rename, old)
    try base.rename(old, to: new)
  }

  package func remove(_ name: String) throws(FlashError) {
    try check(.remove, name)
    try base.remove(name)
  }

  package func syncNames() throws(FlashError) {
    try check(.syncNames, "")
    try base.syncNames()
  }

  package func availableBytes() throws(FlashError) -> UInt64 { available(try base.availableBytes()) }

  package func capacityBytes() throws(FlashError) -> UInt64 { try base.capacityBytes() }

  private func check(_ operation: Operation, _ name: String) throws(FlashError) {
    if operation.isChange, changes.add(1, ordering: .relaxed).oldValue == failingChange {
      throw FlashError(.failed, "broken")
    }
    if let error = fault(operation, name) { throw error }
  }
}
