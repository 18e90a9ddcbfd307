import AppLink
import DeviceProtocol
import Foundations
import Synchronization

/// A pin without hardware: the agent holds its level between apps, and a person or a test drives it.
final class SimulatedPin: Pin {
  private struct State {
    var level: Int32
    var changes: UInt64 = 0
    var isUntold = false
    var isOpenAsOutput = false
    var edges: PinEdges = []
    var handle: Int32 = 0
  }

  let name: String
  let isOutput: Bool
  private let state: Mutex<State>
  private let onChange: @Sendable (PinChange) -> Void
  private let onUntold: @Sendable () -> Void

  /// - Parameter onUntold: called when `takeChange()` has something to tell, once until it was called.
  init(
    _ grant: PinGrant, level: Int32, onChange: @escaping @Sendable (PinChange) -> Void,
    onUntold: @escaping @Sendable () -> Void
  ) {
    name = grant.name
    isOutput = grant.isOutput
    state = Mutex(State(level: level))
    self.onChange = onChange
    self.onUntold = onUntold
  }

  func open(asOutput: Bool) throws(HostErrno) {
    guard isOutput || !asOutput else { throw .access }
    state.withLock { $0.isOpenAsOutput = asOutput }
  }

  func activate() -> String? { nil }

  func level() throws(HostErrno) -> Int32 { state.withLock { $0.level } }

  func set(_ level: Int32) throws(HostErrno) {
    guard state.withLock({ $0.isOpenAsOutput }) else { throw .access }
    change(to: level)
  }

  /// What a person does with `pin set`.
  func setFromOutside(_ level: Int32) { change(to: level) }

  func watch(_ edges: PinEdges, handle: Int32) throws(HostErrno) {
    let isInput = state.withLock { state in
      guard !state.isOpenAsOutput else { return false }
      state.edges = edges
      state.handle = handle
      return true
    }
    guard isInput else { throw .access }
  }

  func takeChange() -> PinLevel? {
    state.withLock { state in
      guard state.isUntold else { return nil }
      state.isUntold = false
      return PinLevel(name: name, level: state.level, changes: state.changes)
    }
  }

  private func change(to level: Int32) {
    let (isNews, watcher): (Bool, Int32?) = state.withLock { state in
      guard state.level != level else { return (false, nil) }
      state.level = level
      state.changes += 1
      defer { state.isUntold = true }
      return (!state.isUntold, state.edges.includes(level) ? state.handle : nil)
    }
    if isNews { onUntold() }
    if let watcher {
      onChange(PinChange(handle: watcher, level: level, nanoseconds: KernelClock.monotonicNanoseconds()))
    }
  }
}
