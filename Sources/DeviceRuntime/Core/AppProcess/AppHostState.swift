internal import Synchronization
internal import Wasmtime
internal import ZeroMQ

/// What the two threads of an app's process share.
final class AppHostState: Sendable {
  let launch: AppLaunch
  /// Whom the process is to become; nil: it stays who it is.
  let user: AppUser?
  let enginePath: String
  let engine: Engine
  let outbox: AppOutbox
  let inbox = AppInbox()
  let log: AppLog
  let publications: PublicationLedger
  let callGuard: CallGuard
  /// Monotonic nanoseconds when the process began.
  let startedAt: UInt64
  /// A program gets no events, so nobody waits for them.
  let isProgram = Atomic(false)

  init(
    launch: AppLaunch, user: AppUser?, enginePath: String, outbox: AppOutbox, startedAt: UInt64
  ) throws(WasmtimeError) {
    try EngineLibrary.load(path: enginePath)
    engine = try Engine(launch.engineConfiguration)
    self.launch = launch
    self.user = user
    self.enginePath = enginePath
    self.outbox = outbox
    self.startedAt = startedAt
    log = AppLog(limits: launch.limits, outbox: outbox)
    publications = PublicationLedger(capacity: launch.limits.publishQueue)
    callGuard = CallGuard(engine: engine, outbox: outbox)
  }

  /// For the app's thread, once the app is up: waits until it may work, and says that it does. False: it is to stop.
  func waitForActivation() -> Bool {
    guard inbox.waitForActivation() else { return false }
    outbox.put(.activated(atNanoseconds: KernelClock.monotonicNanoseconds()))
    return true
  }
}

extension AppLaunch {
  var engineConfiguration: EngineConfiguration {
    EngineConfiguration(
      maximumStackBytes: limits.stackBytes, reservesAddressSpace: limits.reservesAddressSpace)
  }
}
