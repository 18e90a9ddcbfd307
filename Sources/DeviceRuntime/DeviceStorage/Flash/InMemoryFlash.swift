import Synchronization

/// A flash for tests, with the same behaviour as a directory that never loses power.
final class InMemoryFlash: Flash {
  private let files = Mutex<[String: [UInt8]]>([:])
  private let capacity: UInt64

  init(capacityBytes: UInt64 = 256 << 20) {
    capacity = capacityBytes
  }

  /// Always nil, as there are no files.
  func path(of name: String) -> String? { nil }

  /// Lists the files in memory.
  func list() throws(FlashError) -> [String] { files.withLock { $0.keys.sorted() } }

  /// Counts the file's bytes.
  func size(of name: String) throws(FlashError) -> UInt64? {
    try check(name)
    return files.withLock { $0[name].map { UInt64($0.count) } }
  }

  /// Copies the bytes.
  func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try check(name)
    return try files.withLock { files throws(FlashError) in
      guard let bytes = files[name] else { throw .missing(name) }
      let start = min(bytes.count, Int(clamping: offset))
      return Array(bytes[start..<min(bytes.count, start + count)])
    }
  }

  /// Changes the bytes; throws `noSpace` beyond the capacity.
  func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    try check(name)
    let new = bytes.withUnsafeBytes { Array($0) }
    try files.withLock { files throws(FlashError) in
      var content = files[name] ?? []
      let end = Int(offset) + new.count
      let growth = max(0, end - content.count)
      let used = files.values.reduce(0) { $0 + $1.count }
      guard UInt64(used + growth) <= capacity else { throw FlashError(.noSpace, "can't write \(name): no space") }
      if growth > 0 { content.append(contentsOf: repeatElement(0, count: growth)) }
      content.replaceSubrange(Int(offset)..<end, with: new)
      files[name] = content
    }
  }

  /// Cuts or lengthens the bytes, whatever the capacity.
  func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try check(name)
    try files.withLock { files throws(FlashError) in
      guard var bytes = files[name] else { throw .missing(name) }
      let size = Int(sizeBytes)
      if size < bytes.count { bytes.removeLast(bytes.count - size) }
      if size > bytes.count { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
      files[name] = bytes
    }
  }

  /// Only makes sure that the file is there, as nothing is ever lost.
  func sync(_ name: String) throws(FlashError) {
    try check(name)
    guard files.withLock({ $0[name] != nil }) else { throw .missing(name) }
  }

  /// Moves the bytes to the other name.
  func rename(_ old: String, to new: String) throws(FlashError) {
    try check(old)
    try check(new)
    try files.withLock { files throws(FlashError) in
      guard let bytes = files.removeValue(forKey: old) else { throw .missing(old) }
      files[new] = bytes
    }
  }

  /// Drops the bytes.
  func remove(_ name: String) throws(FlashError) {
    try check(name)
    files.withLock { $0[name] = nil }
  }

  /// Does nothing, as nothing is ever lost.
  func syncNames() throws(FlashError) {}

  /// What the files leave of the capacity.
  func availableBytes() throws(FlashError) -> UInt64 {
    files.withLock { files in capacity - UInt64(files.values.reduce(0) { $0 + $1.count }) }
  }

  /// The capacity that the flash was made with.
  func capacityBytes() throws(FlashError) -> UInt64 { capacity }

  private func check(_ name: String) throws(FlashError) {
    guard isFlashName(name) else { throw FlashError(.invalidName, "\(name.debugDescription) is no file name") }
  }
}

extension FlashError {
  fileprivate static func missing(_ name: String) -> FlashError { FlashError(.missing, "there is no file \(name)") }
}
