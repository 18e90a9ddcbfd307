import Synchronization

@testable import DeviceRuntimeCore

/// Apps that do what a test says of their version, without processes.
final class FakeAppLauncher: AppLauncher {
  enum Behaviour: Sendable {
    /// Starts and confirms its health.
    case healthy
    /// Starts and runs, and never says how it is.
    case silent
    case finishes(Int32)
    case trapsAfterStart
    case failsToStart
    /// Neither starts nor ends.
    case hangs
  }

  struct Launch: Sendable, Equatable {
    var version: UInt64
    var slotFile: String
  }

  private struct State {
    var behaviours: [UInt64: Behaviour] = [:]
    var launches: [Launch] = []
    var resetReasons: [ResetReason] = []
    var running: [FakeApp] = []
  }

  private let state = Mutex(State())

  /// What was launched, in order.
  var launches: [Launch] { state.withLock { $0.launches } }
  var resetReasons: [ResetReason] { state.withLock { $0.resetReasons } }
  var versions: [UInt64] { launches.map(\.version) }
  /// Versions whose app runs now.
  var running: [UInt64] { state.withLock { $0.running.filter { !$0.hasEnded }.map(\.version) } }

  func app(_ version: UInt64) -> FakeApp? {
    state.withLock { $0.running.last { $0.version == version && !$0.hasEnded } }
  }

  /// `healthy` where nothing is said.
  func set(_ behaviour: Behaviour, for version: UInt64) { state.withLock { $0.behaviours[version] = behaviour } }

  func launch(_ launch: AppLaunch) async throws -> any RunningApp {
    let (behaviour, app) = state.withLock { state in
      let app = FakeApp(version: launch.version)
      state.launches.append(
        Launch(version: launch.version, slotFile: String(launch.modulePath.split(separator: "/").last ?? "")))
      state.resetReasons.append(launch.resetReason)
      state.running.append(app)
      return (state.behaviours[launch.version] ?? .healthy, app)
    }
    switch behaviour {
    case .healthy:
      app.send(.started(initNanoseconds: 1))
      app.send(.healthConfirmed)
    case .silent: app.send(.started(initNanoseconds: 1))
    case .finishes(let code):
      app.send(.started(initNanoseconds: 1))
      app.end(.exited(code: code))
    case .trapsAfterStart:
      app.send(.started(initNanoseconds: 1))
      app.trap()
    case .failsToStart: app.end(.startFailed(reason: "xtb_init answered 1"))
    case .hangs: break
    }
    return app
  }
}

final class FakeApp: RunningApp {
  let version: UInt64
  let processIdentifier: Int32 = 4242
  let events: AsyncStream<AppEvent>
  private let input: AsyncStream<AppEvent>.Continuation
  private let state = Mutex((ended: false, delivered: [AppDelivery]()))

  init(version: UInt64) {
    self.version = version
    (events, input) = AsyncStream.makeStream()
  }

  var hasEnded: Bool { state.withLock { $0.ended } }
  var delivered: [AppDelivery] { state.withLock { $0.delivered } }

  func send(_ event: AppEvent) { input.yield(event) }

  func end(_ ending: AppEnding) {
    let isFirst = state.withLock { state in
      defer { state.ended = true }
      return !state.ended
    }
    guard isFirst else { return }
    input.yield(.ended(ending))
    input.finish()
  }

  func trap() { end(.trapped(AppTrap(code: "unreachable", message: "wasm trap: unreachable", frames: []))) }

  func activate() async { send(.activated(atNanoseconds: 1)) }

  func deliver(_ message: AppDelivery) async { state.withLock { $0.delivered.append(message) } }

  func stop(grace: Duration) async { end(.stopped) }
}
