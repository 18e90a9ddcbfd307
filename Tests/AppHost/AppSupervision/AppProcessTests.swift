import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppLink
@testable import AppSupervision

/// The process around the app.
@Suite(.seated, .timeLimit(.minutes(10))) struct AppProcessTests {
  @Test func aKilledProcessIsNoticed() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(eventApp(initialize: "(call $hello) (i32.const 0)"))
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    kill(app.processIdentifier, SIGKILL)
    #expect(try await history.ending(of: app) == .killed(signal: SIGKILL))
    await app.stop(grace: .zero)
    await app.deliver(.published(id: 1, reasonCode: 0))
  }

  @Test func aFrozenProcessIsKilledAfterItsGrace() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(eventApp())
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    kill(app.processIdentifier, SIGSTOP)
    await app.stop(grace: .milliseconds(100))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func aProcessThatDoesNotComeUpIsGivenUp() async throws {
    // The grace for the process itself is five seconds on top.
    let bed = try AppTestBed()
    let folder = bed.folder
    // Sleeps: a program that hangs is what the test is about.
    try bed.write(Array("#!/bin/sh\nexec sleep 60\n".utf8), to: folder.path("sleeper"))
    chmod(folder.path("sleeper"), 0o700)
    let launcher = try ProcessAppLauncher(executable: folder.path("sleeper"), directory: folder.path("ipc"))
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: "none", compiledCachePath: "none", deviceID: [], version: 1, startDeadline: .milliseconds(1)))
    var history = AppHistory()
    guard case .deadlineExceeded("start", _) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
  }

  @Test func aProcessThatFailsTellsItsLastWords() async throws {
    let bed = try AppTestBed()
    let folder = bed.folder
    try bed.write(Array("#!/bin/sh\necho no luck >&2\nexit 3\n".utf8), to: folder.path("loser"))
    chmod(folder.path("loser"), 0o700)
    let launcher = try ProcessAppLauncher(executable: folder.path("loser"), directory: folder.path("ipc"))
    let app = try await launcher.launch(
      AppLaunch(modulePath: "none", compiledCachePath: "none", deviceID: [], version: 1))
    var history = AppHistory()
    #expect(
      try await history.ending(of: app)
        == .hostFailed(reason: "the app's process ended with status 3: no luck "))
  }

  @Test func anExecutableThatIsMissingIsAnError() async throws {
    let folder = try TemporaryFolder("xtblish-app")
    let launcher = try ProcessAppLauncher(executable: folder.path("absent"), directory: folder.path("ipc"))
    await #expect(throws: AppLaunchError.self) {
      _ = try await launcher.launch(
        AppLaunch(modulePath: "none", compiledCachePath: "none", deviceID: [], version: 1))
    }
  }

  @Test func aPathTooLongForSocketsIsAnErrorAtOnce() {
    #expect(throws: AppLaunchError.self) {
      try ProcessAppLauncher(executable: "/bin/true", directory: "/tmp/" + String(repeating: "x", count: 80))
    }
  }

  @Test func aMissingModuleIsTheHostsFailure() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launcher.launch(
      AppLaunch(
        modulePath: bed.folder.path("absent.wasm"), compiledCachePath: bed.cachePath, deviceID: [], version: 1))
    var history = AppHistory()
    guard case .hostFailed(let reason) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(reason.contains("absent.wasm"))
  }

  @Test func nothingOfTheAgentsIsInherited() async throws {
    let bed = try AppTestBed()
    // Deliberately without O_CLOEXEC.
    let path = bed.folder.path("secret")
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    let app = try await bed.launch(eventApp())
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    let process = "/proc/\(app.processIdentifier)"
    for number in 0..<64 {
      var target = [CChar](repeating: 0, count: 4096)
      guard readlink("\(process)/fd/\(number)", &target, 4095) > 0 else { continue }
      #expect(!String(decoding: target.map { UInt8(bitPattern: $0) }, as: UTF8.self).hasPrefix(path))
    }
    let environment = try #require(readAll("\(process)/environ"))
    let names = environment.split(separator: 0).map {
      String(decoding: $0.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }
    #expect(Set(names).isSubset(of: ["XTBLISH_ENGINE", "LD_LIBRARY_PATH"]))
    await app.stop(grace: .seconds(10))
  }

  private func readAll(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
  }
}
