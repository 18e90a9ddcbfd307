import Synchronization
import TestSupport

@testable import DeviceRuntimeCore

/// A flash whose power fails at a chosen operation. What was not synced until then may be there afterwards or not.
final class PowerCutFlash: Flash {
  /// What becomes of what was not synced.
  enum Aftermath: CaseIterable {
    case lost
    case kept
    /// Names are as they were when last synced; of each file's last bytes only half arrived.
    case torn
  }

  // Unchecked: touched only while `state` is locked.
  private final class File: @unchecked Sendable {
    var content: [UInt8] = []
    var synced: [UInt8] = []
  }

  private struct State: Sendable {
    var names: [String: File] = [:]
    var durableNames: [String: File] = [:]
    var operations = 0
    var cutAt: Int?
  }

  private let state: Mutex<State>

  /// - Parameter cutAt: the operation, from 0, that does not happen any more, like all later ones; of a write, half
  ///   of it does.
  init(holding files: [String: [UInt8]] = [:], cutAt: Int? = nil) {
    var initial = State(cutAt: cutAt)
    for (name, bytes) in files {
      let file = File()
      (file.content, file.synced) = (bytes, bytes)
      initial.names[name] = file
    }
    initial.durableNames = initial.names
    state = Mutex(initial)
  }

  /// Changing operations so far.
  var operations: Int { state.withLock { $0.operations } }

  /// What is found when the power is back.
  func files(after aftermath: Aftermath) -> [String: [UInt8]] {
    state.withLock { state in
      (aftermath == .kept ? state.names : state.durableNames).mapValues { file in
        switch aftermath {
        case .lost: return file.synced
        case .kept: return file.content
        case .torn:
          let same = zip(file.content, file.synced).prefix { $0 == $1 }.count
          let arrived = same + (file.content.count - same) / 2
          return Array(file.content.prefix(arrived)) + file.synced.dropFirst(arrived)
        }
      }
    }
  }

  func path(of name: String) -> String? { nil }
  func availableBytes() throws(FlashError) -> UInt64 { 1 << 30 }
  func list() throws(FlashError) -> [String] { state.withLock { $0.names.keys.sorted() } }

  func size(of name: String) throws(FlashError) -> UInt64? {
    state.withLock { $0.names[name].map { UInt64($0.content.count) } }
  }

  func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
    let content = state.withLock { $0.names[name]?.content }
    guard let content else { throw FlashError(.missing, name) }
    return Array(content.dropFirst(Int(offset)).prefix(count))
  }

  func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
    let new = bytes.withUnsafeBytes { Array($0) }
    try change { state, isCut in
      let file = state.names[name] ?? File()
      state.names[name] = file
      for (index, byte) in new.prefix(isCut ? new.count / 2 : new.count).enumerated() {
        while file.content.count <= Int(offset) + index { file.content.append(0) }
        file.content[Int(offset) + index] = byte
      }
    }
  }

  func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) {
    try change { state, isCut in
      guard !isCut, let file = state.names[name] else { return }
      file.content = Array(file.content.prefix(Int(sizeBytes)))
    }
  }

  func sync(_ name: String) throws(FlashError) {
    try change { state, isCut in
      guard !isCut, let file = state.names[name] else { return }
      file.synced = file.content
    }
  }

  func rename(_ old: String, to new: String) throws(FlashError) {
    try change { state, isCut in
      if !isCut { state.names[new] = state.names.removeValue(forKey: old) }
    }
  }

  func remove(_ name: String) throws(FlashError) {
    try change { state, isCut in if !isCut { state.names[name] = nil } }
  }

  func syncNames() throws(FlashError) {
    try change { state, isCut in if !isCut { state.durableNames = state.names } }
  }

  private func change(_ body: (inout State, _ isCut: Bool) -> Void) throws(FlashError) {
    let isGone = state.withLock { state in
      defer { state.operations += 1 }
      guard let cutAt = state.cutAt, state.operations >= cutAt else {
        body(&state, false)
        return false
      }
      if state.operations == cutAt { body(&state, true) }
      return true
    }
    if isGone { throw FlashError(.failed, "the power is gone") }
  }
}
