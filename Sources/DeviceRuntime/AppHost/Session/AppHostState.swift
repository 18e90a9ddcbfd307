import AppLink
import DeviceHardware
import Foundations
import Synchronization
import Wasmtime
import ZeroMQ

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
  let standardOutput: OutputLines
  let standardError: OutputLines
  let publications: PublicationLedger
  let callGuard: CallGuard
  let watchdog = AppWatchdog()
  let pins: AppPins
  let sensors: AppSensors
  /// Monotonic nanoseconds when the process was told what to run.
  let startedAt: UInt64
  let isProgram = Atomic(false)
  /// A program that never waited for an event gets none.
  let polls = Atomic(false)

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
    standardOutput = OutputLines(.info, .stdout, log, limitBytes: launch.limits.logLineBytes)
    standardError = OutputLines(.warning, .stderr, log, limitBytes: launch.limits.logLineBytes)
    publications = PublicationLedger(capacity: launch.limits.publishQueue)
    callGuard = CallGuard(engine: engine, outbox: outbox)
    let inbox = inbox
    // What the app does not keep up with is lost; the pin's level is there to be read.
    pins = AppPins(launch.pins, onChange: { inbox.put(.pin($0)) }, onUntold: { outbox.signal.raise() })
    sensors = AppSensors(launch.sensors)
    for problem in pins.problems + sensors.problems { log.note(.warning, problem) }
  }

  /// Everything that the app wrote, and what was dropped of it, is on its way. For any thread.
  func finishLog() {
    standardOutput.finish()
    standardError.finish()
    log.finish()
  }

  /// For the app's thread, once the app is up: waits until it may work, and says that it does. False: it is to stop.
  func waitForActivation() -> Bool {
    guard inbox.waitForActivation() else { return false }
    for problem in pins.activate() { log.note(.warning, problem) }
    let now = KernelClock.monotonicNanoseconds()
    watchdog.begin(now: now)
    outbox.put(.activated(atNanoseconds: now))
    return true
  }
}

extension AppLaunch {
  var engineConfiguration: EngineConfiguration {
    EngineConfiguration(
      maximumStackBytes: limits.stackBytes, reservesAddressSpace: limits.reservesAddressSpace)
  }
}
