import Synchronization

@testable import DeviceStorage

/// A flash of which one operation fails, and does nothing.
final class FailingFlash: Flash {
  private let base: any Flash
  private let failing: Int
  private let count = Atomic<Int>(0)

  /// - Parameter failing: which of the changing operations, from 0.
  init(_ base: any Flash, failing: Int) {
    self.base = base
    self.failing = failing
  }

  var hasFailed: Bool { count.load(ordering: .relaxed) > failing }

  private func step() throws(FlashError) {
    if count.add(1, ordering: .relaxed).oldValue == failing { throw FlashError(.failed, "broken") }
  }

  func list() throws(FlashError) -> [String] { try base.list() }
  func size(of name: String) throws(FlashError) -> UInt64? { try base.size(of: name) }
  func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try base.read(name, from: offset, count: count)
  }
  func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    try step()
    try base.write(bytes, to: name, at: offset)
  }
  func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try step()
    try base.resize(name, to: sizeBytes)
  }
  func sync(_ name: String) throws(FlashError) {
    try step()
    try base.sync(name)
  }
  func rename(_ old: String, to new: String) throws(FlashError) {
    try step()
    try base.rename(old, to: new)
  }
  func remove(_ name: String) throws(FlashError) {
    try step()
    try base.remove(name)
  }
  func syncNames() throws(FlashError) {
    try step()
    try base.syncNames()
  }
  func availableBytes() throws(FlashError) -> UInt64 { try base.availableBytes() }
  func capacityBytes() throws(FlashError) -> UInt64 { try base.capacityBytes() }
  func path(of name: String) -> String? { base.path(of: name) }
}
