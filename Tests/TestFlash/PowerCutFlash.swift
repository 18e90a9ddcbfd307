package import DeviceStorage
import Synchronization

/// A flash whose power a test cuts in the middle of any change to it.
///
/// Changes go to `base` at once, as to a kernel's page cache. What was not synced may be lost at the cut: any part of
/// it, in any combination, names as well as bytes, and the last write torn. After the cut everything fails, as for a
/// program that does not know yet that it is dead; `reboot` gives the flash that the next start finds.
package final class PowerCutFlash: Flash {
  /// What becomes of that which was not synced.
  package enum Survival: Sendable, Hashable {
    case nothing
    case everything
    /// All but the second half of the last write.
    case allButTheLast
    /// Each name and each 512 bytes as a die falls.
    case anything(seed: UInt64)
  }

  fileprivate enum Change {
    case write(offset: Int, bytes: [UInt8])
    case resize(Int)
  }

  private struct File {
    var durable: [UInt8] = []
    var unsynced: [Change] = []
  }

  private enum NameChange {
    case link(String, Int)
    case rename(String, to: String, Int)
    case remove(String, Int)
  }

  private struct State {
    var files: [Int: File] = [:]
    /// As seen by whoever looks, and as on the medium.
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var nameChanges: [NameChange] = []
    var lastWritten: Int?
    var fileCount = 0
    var changes = 0
    var cutAt: Int?
    var isOut = false
  }

  private let base: any Flash
  private let state: Mutex<State>

  /// What is on `base` counts as synced.
  ///
  /// - Parameter cutAt: the number of the change, from 1, in which the power fails; nil: it doesn't.
  package init(base: any Flash, cutAt: Int? = nil) throws(FlashError) {
    var state = State()
    state.cutAt = cutAt
    for name in try base.list() {
      let size = try base.size(of: name) ?? 0
      state.fileCount += 1
      state.files[state.fileCount] = File(durable: try base.read(name, from: 0, count: Int(size)))
      state.names[name] = state.fileCount
    }
    state.durableNames = state.names
    self.base = base
    self.state = Mutex(state)
  }

  /// Changes so far.
  package var changes: Int { state.withLock { $0.changes } }
  package var isOut: Bool { state.withLock { $0.isOut } }

  /// Cuts the power now, if it is still on.
  package func cut() { state.withLock { $0.isOut = true } }

  /// What a start after the cut finds.
  package func reboot(_ survival: Survival, cutAt: Int? = nil) throws(FlashError) -> PowerCutFlash {
    cut()
    let contents = state.withLock { Self.contents($0, survival) }
    for name in try base.list() { try base.remove(name) }
    for (name, bytes) in contents { try base.write(bytes.span.bytes, to: name, at: 0) }
    return try PowerCutFlash(base: base, cutAt: cutAt)
  }

  package func path(of name: String) -> String? { base.path(of: name) }

  package func list() throws(FlashError) -> [String] { try look { () throws(FlashError) in try base.list() } }

  package func size(of name: String) throws(FlashError) -> UInt64? {
    try look { () throws(FlashError) in try base.size(of: name) }
  }

  package func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    try look { () throws(FlashError) in try base.read(name, from: offset, count: count) }
  }

  package func availableBytes() throws(FlashError) -> UInt64 {
    try look { () throws(FlashError) in try base.availableBytes() }
  }

  package func capacityBytes() throws(FlashError) -> UInt64 {
    try look { () throws(FlashError) in try base.capacityBytes() }
  }

  package func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    let content = bytes.withUnsafeBytes { Array($0) }
    try change { state, _ throws(FlashError) in
      try base.write(content.span.bytes, to: name, at: offset)
      let file = state.names[name] ?? Self.link(name, &state)
      state.files[file]?.unsynced.append(.write(offset: Int(offset), bytes: content))
      state.lastWritten = file
    }
  }

  package func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try change { state, _ throws(FlashError) in
      try base.resize(name, to: sizeBytes)
      if let file = state.names[name] { state.files[file]?.unsynced.append(.resize(Int(sizeBytes))) }
    }
  }

  package func sync(_ name: String) throws(FlashError) {
    try change { state, isCut throws(FlashError) in
      try base.sync(name)
      guard !isCut, let file = state.names[name], let entry = state.files[file] else { return }
      state.files[file] = File(durable: entry.unsynced.reduce(into: entry.durable) { $0.apply($1) })
    }
  }

  package func rename(_ old: String, to new: String) throws(FlashError) {
    try change { state, _ throws(FlashError) in
      try base.rename(old, to: new)
      guard let file = state.names.removeValue(forKey: old) else { return }
      state.names[new] = file
      state.nameChanges.append(.rename(old, to: new, file))
    }
  }

  package func remove(_ name: String) throws(FlashError) {
    try change { state, _ throws(FlashError) in
      try base.remove(name)
      if let file = state.names.removeValue(forKey: name) { state.nameChanges.append(.remove(name, file)) }
    }
  }

  package func syncNames() throws(FlashError) {
    try change { state, isCut throws(FlashError) in
      try base.syncNames()
      guard !isCut else { return }
      state.durableNames = state.names
      state.nameChanges = []
    }
  }

  // MARK: The power

  private static let out = FlashError(.failed, "the power is out")

  private func look<R>(_ body: () throws(FlashError) -> R) throws(FlashError) -> R {
    guard !isOut else { throw Self.out }
    return try body()
  }

  /// - Parameter body: is told whether the power fails in it; then nobody hears how it went.
  private func change(_ body: (inout State, Bool) throws(FlashError) -> Void) throws(FlashError) {
    try state.withLock { state throws(FlashError) in
      guard !state.isOut else { throw Self.out }
      state.changes += 1
      let isCut = state.changes == state.cutAt
      try body(&state, isCut)
      guard !isCut else {
        state.isOut = true
        throw Self.out
      }
    }
  }

  private static func link(_ name: String, _ state: inout State) -> Int {
    state.fileCount += 1
    state.files[state.fileCount] = File()
    state.names[name] = state.fileCount
    state.nameChanges.append(.link(name, state.fileCount))
    return state.fileCount
  }

  private static func contents(_ state: State, _ survival: Survival) -> [String: [UInt8]] {
    var die = Die(survival)
    var names = state.durableNames
    for change in state.nameChanges where die.keeps() {
      switch change {
      case .link(let name, let file): names[name] = file
      case .rename(let old, let new, let file):
        if names[old] == file { names[old] = nil }
        names[new] = file
      case .remove(let name, let file): if names[name] == file { names[name] = nil }
      }
    }
    // In the order of the files, so that a seed always gives the same.
    return names.sorted { $0.key < $1.key }.reduce(into: [:]) { contents, entry in
      guard let file = state.files[entry.value] else { return }
      var bytes = file.durable
      for (index, change) in file.unsynced.enumerated() {
        let isLast = entry.value == state.lastWritten && index == file.unsynced.count - 1
        for part in die.parts(of: change, isLast: isLast) { bytes.apply(part) }
      }
      contents[entry.key] = bytes
    }
  }

  private struct Die {
    let survival: Survival
    var random: SeededGenerator

    init(_ survival: Survival) {
      self.survival = survival
      random = if case .anything(let seed) = survival { SeededGenerator(seed: seed) } else { SeededGenerator(seed: 0) }
    }

    mutating func keeps() -> Bool {
      switch survival {
      case .nothing: false
      case .everything, .allButTheLast: true
      case .anything: Bool.random(using: &random)
      }
    }

    /// What is left of a change.
    mutating func parts(of change: Change, isLast: Bool) -> [Change] {
      switch (survival, change) {
      case (.nothing, _): return []
      case (.allButTheLast, .write(let offset, let bytes)) where isLast:
        return [.write(offset: offset, bytes: Array(bytes.prefix(bytes.count / 2)))]
      case (.everything, _), (.allButTheLast, _): return [change]
      case (.anything, .resize): return keeps() ? [change] : []
      case (.anything, .write(let offset, let bytes)):
        // A sector is written whole, or, where the power fails in it, up to some byte.
        return stride(from: 0, to: bytes.count, by: 512).compactMap { start in
          guard keeps() else { return nil }
          let sector = bytes[start..<min(start + 512, bytes.count)]
          let length = isLast ? Int.random(in: 0...sector.count, using: &random) : sector.count
          return .write(offset: offset + start, bytes: Array(sector.prefix(length)))
        }
      }
    }
  }
}

/// The same numbers for the same seed (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

extension [UInt8] {
  fileprivate mutating func apply(_ change: PowerCutFlash.Change) {
    switch change {
    case .write(let offset, let bytes):
      if count < offset + bytes.count { append(contentsOf: repeatElement(0, count: offset + bytes.count - count)) }
      replaceSubrange(offset..<offset + bytes.count, with: bytes)
    case .resize(let size):
      if size < count { removeLast(count - size) } else { append(contentsOf: repeatElement(0, count: size - count)) }
    }
  }
}
