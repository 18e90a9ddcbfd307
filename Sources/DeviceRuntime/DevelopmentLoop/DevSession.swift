import AppLink
import AppSupervision
import DeviceBoard
import DeviceStorage
import Foundations
import Glibc

/// Runs one app for the one who writes it: starts it again when its file changes, shows what it does, and plays the
/// hardware and the broker.
actor DevSession {
  struct Running {
    /// Tells this start from others.
    var number: UInt64
    var app: any RunningApp
    var module: DevModule
    var reader: Task<Void, Never>
    /// The app has initialised and handles events.
    var isActive = false
  }

  let configuration: DevConfiguration
  let console: DevConsole
  let board: BoardState
  let broker = DevBroker()
  let store: KeyValueStore
  private let launcher: any AppLauncher
  /// The folder of what lives as long as the session.
  private let runDirectory: String
  private(set) var running: Running?
  private var starts: UInt64 = 0
  /// Restarts are asked for while one is under way.
  private var isStarting = false
  private var isStartWanted = false
  private var isOver = false
  /// Woken when the app handles events, has ended, or could not be started.
  private let startSettled = TaskSignal()
  private var lastEnding: AppEnding?
  /// Monotonic nanoseconds at which what led to the present start happened.
  private var causeAt: UInt64 = 0

  init(
    _ configuration: DevConfiguration, launcher: any AppLauncher, runDirectory: String, console: DevConsole
  ) throws {
    self.configuration = configuration
    self.launcher = launcher
    self.runDirectory = runDirectory
    self.console = console
    board = BoardState(configuration.board)
    store = KeyValueStore(
      flash: try DirectoryFlash(directory: configuration.directory),
      limits: KeyValueLimits(bytes: configuration.limits.keyValueBytes))
  }

  /// Works until `commands` say "quit" or the task is cancelled; then ends the app.
  ///
  /// - Parameter commands: lines as `DevInstruction` has them. Their end is no reason to end.
  func run(commands: AsyncStream<String>) async throws {
    let watch = try FileWatch(path: configuration.modulePath)
    await restart()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await _ in watch.changes {
          self.console.show(.notice, "the file changed")
          await self.restart()
        }
      }
      group.addTask {
        for await line in commands {
          guard await self.perform(line) else { return }
        }
        // No more commands: the app goes on.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
      }
      await group.next()
      group.cancelAll()
    }
    isOver = true
    withExtendedLifetime(watch) {}
    await stop()
  }

  // MARK: Starting

  func restart() async {
    isStartWanted = true
    guard !isStarting else { return }
    isStarting = true
    while isStartWanted, !isOver {
      isStartWanted = false
      causeAt = KernelClock.monotonicNanoseconds()
      await stop()
      await start()
    }
    isStarting = false
    startSettled.wake()
  }

  /// Returns when no start is under way any more: the app handles events, or there is none; or the task is cancelled.
  func waitForStart() async {
    while !Task.isCancelled, isStarting || running?.isActive == false { await startSettled.wait(upTo: nil) }
  }

  private func stop() async {
    guard let old = running else { return }
    await old.app.stop(grace: .seconds(1))
    await old.reader.value
  }

  private func start() async {
    starts += 1
    let number = starts
    do {
      let module = try DevModule(path: configuration.modulePath, limits: configuration.limits.check)
      // A copy, which the next build can't change under the app's feet.
      let copy = "\(runDirectory)/app.wasm"
      try DirectoryFlash(directory: runDirectory).replace("app.wasm", with: module.bytes)
      let app = try await launcher.launch(launch(copy, number))
      broker.begin()
      let reader = Task {
        for await event in app.events { await self.handle(event, of: app, number) }
      }
      running = Running(number: number, app: app, module: module, reader: reader)
    } catch {
      console.show(.failure, "\(error)")
      console.show(.notice, "waiting for the file to change")
    }
  }

  private func launch(_ path: String, _ number: UInt64) -> AppLaunch {
    AppLaunch(
      modulePath: path, compiledCachePath: "\(configuration.directory)/app.code", deviceID: Self.deviceID,
      version: number, appName: configuration.appName, configuration: configuration.configuration,
      arguments: configuration.arguments, limits: configuration.limits, startDeadline: configuration.startDeadline,
      pins: board.pinGrants, sensors: board.sensorGrants, topics: board.topics,
      resetReason: number == 1 ? .power : lastEnding.map { ResetReason(after: $0) } ?? .update)
  }

  /// A device that does not exist: "xtblish dev" and zeros.
  static let deviceID = Array("xtblish dev".utf8) + [UInt8](repeating: 0, count: 5)

  /// The time since what led to the present start, as "123 ms".
  func sinceCause() -> String {
    "\((KernelClock.monotonicNanoseconds() - min(causeAt, KernelClock.monotonicNanoseconds())) / 1_000_000) ms"
  }

  func hasBecomeActive(_ number: UInt64) {
    guard running?.number == number else { return }
    running?.isActive = true
    startSettled.wake()
  }

  func hasEnded(_ ending: AppEnding, _ number: UInt64) {
    guard running?.number == number else { return }
    lastEnding = ending
    running = nil
    startSettled.wake()
  }
}
