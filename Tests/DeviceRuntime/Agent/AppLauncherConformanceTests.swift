import AppLink
import Foundations
import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppSupervision

/// What the agent relies on in whoever starts apps, of real processes and of those that are played in its own tests.
@Suite(.seated) struct AppLauncherConformanceTests {
  enum Kind: CaseIterable, Sendable {
    case processes, played
  }

  /// What an app does, as a module and as it is played.
  enum Conduct: UInt64, CaseIterable, Sendable {
    case confirms = 1
    case saysNothing, traps, exits, failsToStart

    var played: FakeAppLauncher.Behaviour {
      switch self {
      case .confirms: .healthy
      case .saysNothing: .silent
      case .traps: .trapsAfterStart
      case .exits: .finishes(3)
      case .failsToStart: .failsToStart
      }
    }

    var module: String {
      switch self {
      case .confirms: eventApp(initialize: "(drop (call $health_confirm)) (i32.const 0)")
      case .saysNothing: eventApp()
      case .traps:
        eventApp(
          initialize: "(drop (call $timer_start (i64.const 0) (i64.const 0))) (i32.const 0)", event: "(unreachable)")
      case .exits:
        """
        (module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start") (call $exit (i32.const 3))))
        """
      case .failsToStart: eventApp(initialize: "(i32.const 1)")
      }
    }
  }

  private struct Stage {
    let launcher: any AppLauncher
    let folder: TemporaryFolder

    init(_ kind: Kind, _ conduct: Conduct) async throws {
      folder = try TemporaryFolder("xtblish-launcher")
      switch kind {
      case .processes:
        launcher = try ProcessAppLauncher(executable: product("xtblish-app-host"), directory: folder.path("ipc"))
        let module = try await assemble(conduct.module)
        let descriptor = open(folder.path("app.wasm"), O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        #expect(write(descriptor, module, module.count) == module.count)
      case .played:
        let played = FakeAppLauncher()
        played.set(conduct.played, for: conduct.rawValue)
        launcher = played
      }
    }

    func launch(_ conduct: Conduct, onlyCompiles: Bool = false) async throws -> any RunningApp {
      var launch = AppLaunch(
        modulePath: folder.path("app.wasm"), compiledCachePath: folder.path("app.code"), deviceID: Array(1...16),
        version: conduct.rawValue)
      launch.onlyCompiles = onlyCompiles
      return try await launcher.launch(launch)
    }
  }

  /// What the agent acts upon, as words.
  private static func stage(_ event: AppEvent) -> String? {
    switch event {
    case .started: "started"
    case .healthConfirmed: "confirmed"
    case .activated: "activated"
    case .quiet: "quiet"
    case .ended(.stopped): "stopped"
    case .ended(.trapped): "trapped"
    case .ended(.exited(let code)): "exited \(code)"
    case .ended(.startFailed): "start failed"
    case .ended(let ending): "\(ending)"
    default: nil
    }
  }

  /// Reads on until the word, or to the end.
  private static func read(_ app: any RunningApp, to last: String? = nil) async -> [String] {
    var stages: [String] = []
    for await event in app.events {
      guard let stage = stage(event) else { continue }
      stages.append(stage)
      if stage == last { break }
    }
    return stages
  }

  @Test(arguments: Kind.allCases)
  func anAppStartsTakesOverWhenItIsToldToAndStopsWhenItIsAsked(_ kind: Kind) async throws {
    let stage = try await Stage(kind, .confirms)
    let app = try await stage.launch(.confirms)
    var stages = await Self.read(app, to: "started")
    await app.activate()
    await app.activate()
    stages += await Self.read(app, to: "activated")
    await app.stop(grace: .seconds(10))
    stages += await Self.read(app)
    // It confirms as soon as it likes.
    #expect(stages.filter { $0 != "confirmed" } == ["started", "activated", "quiet", "stopped"])
    #expect(stages.count { $0 == "confirmed" } == 1)
    // It has ended: nothing comes of this.
    await app.activate()
    await app.stop(grace: .seconds(10))
    #expect(await Self.read(app) == [])
  }

  @Test(arguments: Kind.allCases)
  func oneThatIsNotToldToTakeOverDoesNot(_ kind: Kind) async throws {
    let stage = try await Stage(kind, .saysNothing)
    let app = try await stage.launch(.saysNothing)
    #expect(await Self.read(app, to: "started") == ["started"])
    await app.stop(grace: .seconds(10))
    #expect(await Self.read(app) == ["quiet", "stopped"])
  }

  @Test(arguments: Kind.allCases, [(Conduct.traps, "trapped"), (.exits, "exited 3")])
  func anEndOfItsOwnIsTheLastThatIsTold(_ kind: Kind, _ end: (conduct: Conduct, word: String)) async throws {
    let stage = try await Stage(kind, end.conduct)
    let app = try await stage.launch(end.conduct)
    #expect(await Self.read(app, to: "started") == ["started"])
    await app.activate()
    #expect(await Self.read(app) == ["activated", "quiet", end.word])
  }

  @Test(arguments: Kind.allCases)
  func oneThatDoesNotStartEndsWithoutHavingStarted(_ kind: Kind) async throws {
    let stage = try await Stage(kind, .failsToStart)
    let app = try await stage.launch(.failsToStart)
    #expect(await Self.read(app) == ["quiet", "start failed"])
  }

  @Test(arguments: Kind.allCases)
  func oneThatIsOnlyCompiledEndsWellAndNeverStarts(_ kind: Kind) async throws {
    let stage = try await Stage(kind, .confirms)
    let app = try await stage.launch(.confirms, onlyCompiles: true)
    #expect(await Self.read(app) == ["quiet", "exited 0"])
  }
}
