import Foundations
import Synchronization

/// The requests at this replica that wait for new lines of devices' logs.
final class LogFollowers: Sendable {
  /// How many may wait. Each holds a request open; further ones are told to come back.
  static let limit = 64

  private struct State {
    var signals: [DeviceID: [UInt64: TaskSignal]] = [:]
    var count = 0
    var lastTicket: UInt64 = 0
  }

  private let state = Mutex(State())

  init() {}

  /// How many there are.
  var count: Int { state.withLock(\.count) }

  /// Runs `body` with a signal that is raised whenever the device's log may have grown.
  func following<T>(_ device: DeviceID, _ body: (TaskSignal) async throws -> T) async throws -> T {
    let signal = TaskSignal()
    let ticket = try enter(device, signal)
    defer { leave(device, ticket) }
    return try await body(signal)
  }

  private func enter(_ device: DeviceID, _ signal: TaskSignal) throws(RequestFailure) -> UInt64 {
    let ticket = state.withLock { state -> UInt64? in
      guard state.count < Self.limit else { return nil }
      state.count += 1
      state.lastTicket += 1
      state.signals[device, default: [:]][state.lastTicket] = signal
      return state.lastTicket
    }
    guard let ticket else {
      throw RequestFailure(
        .overloaded, reason: "too-many-followers",
        message: "\(Self.limit) clients follow logs here already: try again shortly, or ask without following",
        retryAfterMilliseconds: 1000)
    }
    return ticket
  }

  private func leave(_ device: DeviceID, _ ticket: UInt64) {
    state.withLock { state in
      state.count -= 1
      state.signals[device]?[ticket] = nil
      if state.signals[device]?.isEmpty == true { state.signals[device] = nil }
    }
  }

  /// Wakes those who follow the log of one device, which has grown.
  func wake(_ device: DeviceID) {
    for signal in state.withLock({ Array(($0.signals[device] ?? [:]).values) }) { signal.wake() }
  }

  /// Wakes everybody, where it is not known whose log has grown.
  func wakeAll() {
    for signal in state.withLock({ $0.signals.values.flatMap(\.values) }) { signal.wake() }
  }
}
