import Foundations
import OpenSSL

/// What one app keeps: all of it in memory, and as a log of changes in a file. Every change is durable when it returns.
///
/// A change that fails leaves the file in a state that is not known, so the next one writes the file anew.
struct KeyValueScope {
  private let flash: any Flash
  private let limits: KeyValueLimits
  private let appName: String
  private let file: String
  private var values: [[UInt8]: [UInt8]] = [:]
  private var keys: [[UInt8]] = []
  private var liveBytes = 0
  /// The size of the file; 0: there is none.
  private var fileBytes = 0
  private var seal: KeyValueRecord.Seal = []
  private var mustRewrite = false

  /// The file's name holds a hash, because an app may be called anything.
  static func fileName(appName: String) throws(OpenSSLError) -> String {
    let digest = try SHA256.digest(of: Array(appName.utf8))
    return "kv-" + Hexadecimal.encode(digest.prefix(16))
  }

  /// Reads what there is. A file that is not a scope's is set aside as `kv-….damaged`.
  init(appName: String, flash: any Flash, limits: KeyValueLimits) throws {
    self.flash = flash
    self.limits = limits
    self.appName = appName
    file = try Self.fileName(appName: appName)
    guard let size = try flash.size(of: file) else { return }
    let bytes = try flash.read(file, from: 0, count: Int(size))
    guard let (records, validBytes, seal) = try KeyValueRecord.decode(bytes, appName: appName) else {
      try flash.rename(file, to: file + ".damaged")
      try flash.syncNames()
      return
    }
    for record in records { apply(record) }
    self.seal = seal
    fileBytes = validBytes
    // What lies behind the end is of a change that a power cut stopped.
    mustRewrite = validBytes < bytes.count
  }

  var isStored: Bool { fileBytes > 0 }

  func get(_ key: [UInt8]) throws(KeyValueError) -> [UInt8] {
    try check(key)
    guard let value = values[key] else { throw .missing }
    return value
  }

  /// The first key after `previous` in the order of their bytes; if that is empty: the first of all.
  func next(after previous: [UInt8]) throws(KeyValueError) -> [UInt8] {
    guard previous.count <= limits.keyBytes else { throw .invalid }
    let index = previous.isEmpty ? 0 : position(of: previous, after: true)
    guard index < keys.count else { throw .missing }
    return keys[index]
  }

  mutating func set(_ key: [UInt8], to value: [UInt8]) throws(KeyValueError) {
    try check(key)
    let old = values[key]
    // Flash wears out.
    if old == value, !mustRewrite { return }
    let size = liveBytes - (old.map { $0.count + key.count } ?? 0) + key.count + value.count
    guard size <= limits.bytes else {
      throw .noSpace("the app's keys and values would take \(size) bytes, more than the \(limits.bytes) it may keep")
    }
    guard old != nil || keys.count < limits.keys else {
      throw .noSpace("the app has \(keys.count) keys already, as many as it may")
    }
    try commit(.set(key: key, value: value))
  }

  mutating func delete(_ key: [UInt8]) throws(KeyValueError) {
    try check(key)
    guard values[key] != nil else { throw .missing }
    try commit(.delete(key: key))
  }

  private func check(_ key: [UInt8]) throws(KeyValueError) {
    guard (1...limits.keyBytes).contains(key.count) else { throw .invalid }
  }

  // MARK: The file

  /// Makes a change durable, and only then changes what is in memory.
  private mutating func commit(_ record: KeyValueRecord) throws(KeyValueError) {
    var changed = self
    changed.apply(record)
    do {
      try changed.store(record)
    } catch {
      mustRewrite = true
      guard let error = error as? FlashError else { throw .failed("\(error)") }
      throw error.kind == .noSpace ? .noSpace(error.description) : .failed(error.description)
    }
    self = changed
  }

  private mutating func store(_ record: KeyValueRecord) throws {
    if keys.isEmpty {
      try flash.remove(file)
      try flash.syncNames()
      (fileBytes, mustRewrite) = (0, false)
      return
    }
    // The log may be as long as what it holds and a bit, then it is written anew, without what is past.
    let isLong = fileBytes + record.encodedSizeBytes > 2 * compactBytes + 4096
    guard fileBytes > 0, !mustRewrite, !isLong else { return try rewrite() }
    var bytes: [UInt8] = []
    try record.append(to: &bytes, after: &seal)
    try flash.write(bytes.span.bytes, to: file, at: UInt64(fileBytes))
    try flash.sync(file)
    fileBytes += bytes.count
  }

  /// How long the file would be with nothing but what is kept. Beside keys and values a record has 14 bytes, and beside
  /// the app's name the head has 18; see `KeyValueRecord`.
  private var compactBytes: Int { liveBytes + keys.count * 14 + appName.utf8.count + 18 }

  private mutating func rewrite() throws {
    var bytes = try KeyValueRecord.head(appName: appName, seal: &seal)
    for key in keys { try KeyValueRecord.set(key: key, value: values[key] ?? []).append(to: &bytes, after: &seal) }
    try flash.replace(file, with: bytes)
    fileBytes = bytes.count
    mustRewrite = false
  }

  // MARK: Memory

  private mutating func apply(_ record: KeyValueRecord) {
    switch record {
    case .set(let key, let value):
      if let old = values.updateValue(value, forKey: key) {
        liveBytes -= old.count + key.count
      } else {
        keys.insert(key, at: position(of: key, after: false))
      }
      liveBytes += key.count + value.count
    case .delete(let key):
      guard let old = values.removeValue(forKey: key) else { return }
      liveBytes -= old.count + key.count
      keys.remove(at: position(of: key, after: false))
    }
  }

  /// The place that the key has or would have among the sorted ones; with `after`, the place behind it if it is there.
  private func position(of key: [UInt8], after: Bool) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      let goesOn = keys[middle].lexicographicallyPrecedes(key) || (after && keys[middle] == key)
      if goesOn { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
