import DeviceStorage

/// Some of the files of a flash, as a flash of their own: so that one cut of the power hits several folders.
struct SubFlash: Flash {
  let base: any Flash
  let prefix: String

  func list() throws(FlashError) -> [String] {
    try base.list().filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  func size(of name: String) throws(FlashError) -> UInt64? { try base.size(of: prefix + name) }

  func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try base.read(prefix + name, from: offset, count: count)
  }

  func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    try base.write(bytes, to: prefix + name, at: offset)
  }

  func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try base.resize(prefix + name, to: sizeBytes)
  }

  func sync(_ name: String) throws(FlashError) { try base.sync(prefix + name) }

  func rename(_ old: String, to new: String) throws(FlashError) { try base.rename(prefix + old, to: prefix + new) }

  func remove(_ name: String) throws(FlashError) { try base.remove(prefix + name) }

  func syncNames() throws(FlashError) { try base.syncNames() }

  func availableBytes() throws(FlashError) -> UInt64 { try base.availableBytes() }

  func capacityBytes() throws(FlashError) -> UInt64 { try base.capacityBytes() }

  func path(of name: String) -> String? { nil }
}
