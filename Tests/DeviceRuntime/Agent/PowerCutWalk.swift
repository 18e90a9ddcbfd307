import AppLink
import Curl
import Foundation
import Foundations
import Logging
import Synchronization
import TestFlash
import TestSupport

@testable import Agent
@testable import DeviceCredentials
@testable import DeviceImages
@testable import DeviceStorage
@testable import UpdateCore

/// One agent after the other on a flash whose power fails, with an image store and without a broker: what the broker
/// would bring, the walk puts into the agent's mailbox.
final class PowerCutWalk: Sendable {
  /// How the update from version 1 to version 2 goes when the power does not fail.
  enum Story: String, Sendable, CaseIterable {
    case full
    /// Half of the image was there when the agent started.
    case resumed
    /// Version 2 traps in its trial.
    case rolledBack

    /// Of any flash that misses none. How many more there are depends on the pieces in which the image arrives.
    var leastChanges: Int {
      switch self {
      case .full: 24
      case .resumed: 16
      case .rolledBack: 30
      }
    }
  }

  struct Run: Sendable, Hashable {
    /// The number of the change, from 1, counted from the agent's start.
    var cutAt: Int
    var survival: PowerCutFlash.Survival
    /// In the start after that.
    var secondCutAt: Int?
  }

  private let story: Story
  private let device = DeviceID.random()
  private let store: ScriptedHTTPServer
  private let http = HTTPClient()
  private let images: [UInt64: TestImage]
  private let notification: FirmwareNotification
  /// Nobody listens there.
  private let noBroker: FreePort
  /// The flash's content before the update.
  private let start: [String: [UInt8]]

  init(_ story: Story) async throws {
    self.story = story
    let device = device
    let images = try [1, 2].reduce(into: [UInt64: TestImage]()) {
      $0[$1] = try TestImage(device: device, version: $1, size: 60_000)
    }
    self.images = images
    let isCutShort = Mutex(false)
    store = try ScriptedHTTPServer { request, connection in
      guard let version = request.path.split(separator: "/").last.flatMap({ UInt64($0) }), let image = images[version]
      else { return connection.respond(404) }
      guard isCutShort.withLock({ $0 }) else { return AgentHarness.serve(image.bytes, request, connection) }
      let tag = AgentHarness.entityTag(of: image.bytes)
      connection.send("HTTP/1.1 200 OK\r\nETag: \(tag)\r\nContent-Length: \(image.bytes.count)\r\n\r\n")
      connection.send(Array(image.bytes.prefix(image.bytes.count / 2)))
      connection.waitForClose()
    }
    noBroker = try FreePort()
    let url = store.url
    let announce = { @Sendable (version: UInt64) in
      FirmwareNotification(
        version: version, digest: images[version]!.digest, sizeBytes: UInt64(images[version]!.bytes.count),
        url: "\(url)/\(version)")
    }
    notification = announce(2)
    let folder = try TemporaryFolder("xtblish-walk")
    let flash = try PowerCutFlash(base: DirectoryFlash(directory: folder.path("flash")))
    let first = Boot(flash: flash, number: 1)
    try await Self.run(first, device, http, noBroker, announce(1)) { agent in
      await agent.machine.phase == .confirmed && first.launcher.running == [1]
    }
    if story == .resumed {
      isCutShort.withLock { $0 = true }
      let second = Boot(flash: flash, number: 1)
      try await Self.run(second, device, http, noBroker, announce(2)) { agent in
        await agent.download?.figures.bytesDone == UInt64(images[2]!.bytes.count / 2)
      }
      isCutShort.withLock { $0 = false }
    }
    start = try flash.list().reduce(into: [:]) { $0[$1] = try flash.readAll($1, maximumBytes: 1 << 20) }
  }

  /// The changes that the update makes, the agent's start included.
  func countChanges() async throws -> Int {
    let (boot, folder) = try boot()
    try await update(boot)
    withExtendedLifetime(folder) {}
    guard isDone(boot.record), !boot.flash.isOut else { throw TestFailure("the update went wrong by itself") }
    let wentOn = store.requests.last?.headers["if-range"] == AgentHarness.entityTag(of: images[2]!.bytes)
    guard wentOn == (story == .resumed) else { throw TestFailure("the download went on: \(wentOn)") }
    return boot.changes
  }

  /// - Returns: how many cuts there were.
  func survive(_ runs: [Run]) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      var rest = runs[...]
      for _ in 0..<4 { if let run = rest.popFirst() { group.addTask { try await self.survive(run) } } }
      var cuts = 0
      for try await count in group {
        cuts += count
        if let run = rest.popFirst() { group.addTask { try await self.survive(run) } }
      }
      return cuts
    }
  }

  private func survive(_ run: Run) async throws -> Int {
    var cuts = 0
    do {
      var (boot, folder) = try boot(cutAt: run.cutAt)
      defer { withExtendedLifetime(folder) {} }
      try await update(boot)
      for (number, next) in [run.secondCutAt, nil].enumerated() where boot.flash.isOut {
        cuts += 1
        boot = Boot(flash: try boot.flash.reboot(run.survival, cutAt: next), number: UInt8(number + 2))
        try await update(boot)
      }
      guard isDone(boot.record) else { throw TestFailure("the update did not complete") }
    } catch {
      throw TestFailure("\(story), \(run), after \(cuts) cuts: \(error)")
    }
    return cuts
  }

  private func boot(cutAt: Int? = nil) throws -> (Boot, TemporaryFolder) {
    let folder = try TemporaryFolder("xtblish-walk")
    let base = try DirectoryFlash(directory: folder.path("flash"))
    for (name, bytes) in start { try base.write(bytes.span.bytes, to: name, at: 0) }
    return (Boot(flash: try PowerCutFlash(base: base, cutAt: cutAt), number: 1), folder)
  }

  /// Runs the agent until the power fails or the update is over. What runs before it begins must be version 1 or 2, and
  /// every app that is started must be one of them, byte for byte.
  private func update(_ boot: Boot) async throws {
    let images = images
    boot.launcher.inspect { launch in
      let bytes = try? [UInt8](Data(contentsOf: URL(filePath: launch.modulePath)))
      if bytes != images[launch.version]?.bytes { boot.note("what starts as version \(launch.version) is mixed") }
    }
    if story == .rolledBack { boot.launcher.set(.trapsAfterStart, for: 2) }
    try await Self.run(boot, device, http, noBroker, nil) { agent in
      if boot.flash.isOut { return true }
      // Before anything new comes from outside: never none.
      guard boot.launcher.app(1)?.isActive == true || boot.launcher.app(2)?.isActive == true else { return false }
      boot.notifyOnce { agent.mailbox.post(self.notification) }
      return self.isDone(await agent.machine.record) && boot.launcher.running == [self.last]
        && boot.launcher.app(self.last)?.isActive == true
    }
  }

  private var last: UInt64 { story == .rolledBack ? 1 : 2 }

  private func isDone(_ record: BootRecord) -> Bool {
    guard let active = record.active, record[active].state == .confirmed else { return false }
    return record[active].version == last && record.failed?.version == (story == .rolledBack ? 2 : nil)
  }

  /// One run of the agent.
  private final class Boot: Sendable {
    let flash: PowerCutFlash
    let launcher = FakeAppLauncher()
    let id: BootID
    private let state = Mutex((problem: String?.none, isNotified: false, record: BootRecord(), changes: 0))

    init(flash: PowerCutFlash, number: UInt8) {
      self.flash = flash
      id = BootID(bytes: [UInt8](repeating: number, count: BootID.sizeBytes))!
    }

    var problem: String? { state.withLock { $0.problem } }
    var record: BootRecord { state.withLock { $0.record } }
    var changes: Int { state.withLock { $0.changes } }

    func note(_ problem: String) { state.withLock { $0.problem = $0.problem ?? problem } }

    func keep(_ record: BootRecord) {
      let changes = flash.changes
      state.withLock { ($0.record, $0.changes) = (record, changes) }
    }

    func notifyOnce(_ body: () -> Void) {
      let isFirst = state.withLock { state in
        defer { state.isNotified = true }
        return !state.isNotified
      }
      if isFirst { body() }
    }
  }

  private static func run(
    _ boot: Boot, _ device: DeviceID, _ http: HTTPClient, _ noBroker: FreePort, _ announced: FirmwareNotification?,
    until isOver: (DeviceAgent) async -> Bool
  ) async throws {
    let identity = DeviceIdentity(
      device: device, name: "walk", serial: "s", mqttHost: "127.0.0.1", mqttPort: UInt16(noBroker.number),
      imageStoreURLs: [], provisionerURL: "http://127.0.0.1:1")
    var configuration = AgentHarness.configuration()
    configuration.boot = boot.id
    configuration.compileAheadBytes = 0
    let agent = try DeviceAgent(
      identity: identity, security: .insecure, configuration: configuration, flash: boot.flash,
      launcher: boot.launcher, http: http,
      logger: Logger(label: "walk") { _ in SwiftLogNoOpLogHandler() })
    // An agent that can't read its flash ends; so does one whose power is out.
    let running = Task { try? await agent.run() }
    if let announced { agent.mailbox.post(announced) }
    let outcome: Result<Void, any Error>
    do {
      try await eventually("a boot's end; it runs \(boot.launcher.running), \(boot.problem ?? "")") {
        if boot.problem != nil { return true }
        return await isOver(agent)
      }
      outcome = .success(())
    } catch { outcome = .failure(error) }
    boot.keep(await agent.machine.record)
    running.cancel()
    await running.value
    try outcome.get()
    if let problem = boot.problem { throw TestFailure(problem) }
  }
}
