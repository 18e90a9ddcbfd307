import Synchronization

@testable import AppLink
@testable import AppSupervision
@testable import Foundations
@testable import UpdateCore

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
    case cannotBeCompiled
    /// Starts, and then does not take over.
    case ignoresActivation
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
    var compiled: [UInt64] = []
    var refusals = 0
    var hostFailures = 0
    var inspection: @Sendable (AppLaunch) -> Void = { _ in }
    var preparations = 0
    var isPrepared = false
  }

  private let state = Mutex(State())

  /// What was launched, in order.
  var launches: [Launch] { state.withLock { $0.launches } }
  var resetReasons: [ResetReason] { state.withLock { $0.resetReasons } }
  var versions: [UInt64] { launches.map(\.version) }
  /// Versions compiled ahead of their start, in order.
  var compiled: [UInt64] { state.withLock { $0.compiled } }
  /// Versions whose app runs now.
  var running: [UInt64] { state.withLock { $0.running.filter { !$0.hasEnded }.map(\.version) } }

  func app(_ version: UInt64) -> FakeApp? {
    state.withLock { $0.running.last { $0.version == version && !$0.hasEnded } }
  }

  /// `healthy` where nothing is said.
  func set(_ behaviour: Behaviour, for version: UInt64) { state.withLock { $0.behaviours[version] = behaviour } }

  /// So many launches find no process, and so many after them one that fails by itself.
  func fail(launches: Int, processes: Int) {
    state.withLock { ($0.refusals, $0.hostFailures) = (launches, processes) }
  }

  /// Called with every launch, before it.
  func inspect(_ body: @escaping @Sendable (AppLaunch) -> Void) { state.withLock { $0.inspection = body } }

  /// How often a process was prepared, and whether one waits.
  var preparations: Int { state.withLock { $0.preparations } }
  var isPrepared: Bool { state.withLock { $0.isPrepared } }

  func prepare(_ limits: AppLimits) async {
    state.withLock { state in
      if !state.isPrepared { state.preparations += 1 }
      state.isPrepared = true
    }
  }

  func dropPrepared() async { state.withLock { $0.isPrepared = false } }

  func launch(_ launch: AppLaunch) async throws -> any RunningApp {
    let inspection = state.withLock { $0.inspection }
    inspection(launch)
    let isRefused = state.withLock { state in
      defer { state.refusals = max(0, state.refusals - 1) }
      return state.refusals > 0
    }
    if isRefused { throw AppLaunchError("can't start it: Text file busy") }
    let hostFails = state.withLock { state in
      defer { state.hostFailures = max(0, state.hostFailures - 1) }
      return state.hostFailures > 0
    }
    let app = state.withLock { state in
      state.isPrepared = false
      let app = FakeApp(version: launch.version, behaviour: state.behaviours[launch.version] ?? .healthy)
      if launch.onlyCompiles {
        state.compiled.append(launch.version)
      } else {
        state.launches.append(
          Launch(version: launch.version, slotFile: String(launch.modulePath.split(separator: "/").last ?? "")))
        state.resetReasons.append(launch.resetReason)
        state.running.append(app)
      }
      return app
    }
    if hostFails {
      app.end(.hostFailed(reason: "no engine"))
    } else if launch.onlyCompiles {
      app.compile()
    } else {
      app.begin()
    }
    return app
  }
}

final class FakeApp: RunningApp {
  let version: UInt64
  let processIdentifier: Int32 = 4242
  let events: AsyncStream<AppEvent>
  private let behaviour: FakeAppLauncher.Behaviour
  private let input: AsyncStream<AppEvent>.Continuation
  private let state = Mutex(State())

  private struct State {
    var ended = false
    var activated = false
    var isAskedToStop = false
    var holdsOn = false
    var delivered: [AppDelivery] = []
  }

  init(version: UInt64, behaviour: FakeAppLauncher.Behaviour) {
    self.version = version
    self.behaviour = behaviour
    (events, input) = AsyncStream.makeStream()
  }

  var hasEnded: Bool { state.withLock { $0.ended } }
  var isActive: Bool { state.withLock { $0.activated && !$0.ended } }
  var isAskedToStop: Bool { state.withLock { $0.isAskedToStop } }
  var delivered: [AppDelivery] { state.withLock { $0.delivered } }

  func send(_ event: AppEvent) { input.yield(event) }

  func end(_ ending: AppEnding) {
    let isFirst = state.withLock { state in
      defer { state.ended = true }
      return !state.ended
    }
    guard isFirst else { return }
    input.yield(.quiet(atNanoseconds: KernelClock.monotonicNanoseconds()))
    input.yield(.ended(ending))
    input.finish()
  }

  func trap() { end(.trapped(AppTrap(code: "unreachable", message: "wasm trap: unreachable", frames: []))) }

  func compile() {
    if case .cannotBeCompiled = behaviour {
      end(.startFailed(reason: "the module is damaged"))
    } else {
      end(.exited(code: 0))
    }
  }

  func begin() {
    switch behaviour {
    case .healthy:
      send(.started(initNanoseconds: 1))
      send(.healthConfirmed)
    case .silent, .finishes, .trapsAfterStart, .ignoresActivation: send(.started(initNanoseconds: 1))
    case .failsToStart, .cannotBeCompiled: end(.startFailed(reason: "xtb_init answered 1"))
    case .hangs: break
    }
  }

  func activate() async {
    if case .ignoresActivation = behaviour { return }
    let isFirst = state.withLock { state in
      defer { state.activated = true }
      return !state.activated && !state.ended
    }
    guard isFirst else { return }
    send(.activated(atNanoseconds: KernelClock.monotonicNanoseconds()))
    switch behaviour {
    case .finishes(let code): end(.exited(code: code))
    case .trapsAfterStart: trap()
    default: break
    }
  }

  func deliver(_ message: AppDelivery) async { state.withLock { $0.delivered.append(message) } }

  /// It does not stop when it is asked to, until the test ends it.
  func holdsOn() { state.withLock { $0.holdsOn = true } }

  func stop(grace: Duration) async {
    let holdsOn = state.withLock { state in
      state.isAskedToStop = true
      return state.holdsOn
    }
    if !holdsOn { end(.stopped) }
  }
}
