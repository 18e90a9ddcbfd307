import DeviceRuntimeCore
import Glibc
import SwiftProtobuf
import TestSupport
import Testing
import Wire
import ZeroMQ

/// The app's process with a stand-in for its agent: this test talks, and a shell is the parent.
@Suite(.timeLimit(.minutes(2))) struct AgentDeathTests {
  /// Starts the process below a shell that waits for it, and returns when it has said that it is there.
  private func start(
    _ socket: ZeroMQSocket, _ folder: TemporaryFolder, environment: [String: String] = [:]
  ) async throws -> (shell: ChildProcess, process: Int32) {
    let endpoint = "ipc://\(folder.path("agent.ipc"))"
    try socket.set(.lingerMilliseconds(0))
    try socket.bind(endpoint)
    let device = try product("xtblish-device")
    let shell = try ChildProcess(
      "/bin/sh", ["-c", "'\(device)' app-host '\(endpoint)' $$ & echo \"pid $!\"; wait"], environment: environment)
    let line = try await shell.waitForLine(containing: "pid ")
    let process = try #require(Int32(line.dropFirst(4)))
    guard case .ready = try await receive(socket) else { throw TestFailure("no greeting") }
    return (shell, process)
  }

  private func receive(_ socket: ZeroMQSocket) async throws -> WireFromApp.OneOf_Body? {
    let message = ZeroMQMessage()
    try await eventually("a message from the app's process") { try socket.receive(into: message) }
    return try WireFromApp(serializedBytes: message.bytes).body
  }

  @Test func theProcessDiesWithItsAgent() async throws {
    let folder = try TemporaryFolder("xtblish-app")
    let socket = try ZeroMQSocket(.pair, in: ZeroMQContext())
    let (shell, process) = try await start(socket, folder)
    #expect(kill(process, 0) == 0)
    shell.kill(SIGKILL)
    try await eventually("the end of process \(process)") { !isRunning(process) }
  }

  @Test func aMissingEngineIsToldWithTheWayOut() async throws {
    let folder = try TemporaryFolder("xtblish-app")
    let socket = try ZeroMQSocket(.pair, in: ZeroMQContext())
    let (shell, process) = try await start(
      socket, folder, environment: ["XTBLISH_ENGINE": folder.path("libwasmtime.so")])
    var launch = WireToApp()
    launch.launch.modulePath = folder.path("app.wasm")
    launch.launch.limits.stackBytes = 512 << 10
    #expect(try socket.send(launch.serializedBytes()))
    guard case .ended(let ended) = try await receive(socket) else {
      Issue.record("no ending")
      return
    }
    #expect(ended.hostFailed.contains("make engine"))
    var farewell = WireToApp()
    farewell.farewell = WireFarewell()
    #expect(try socket.send(farewell.serializedBytes()))
    try await eventually("the end of process \(process)") { !isRunning(process) }
    try await shell.waitForExit()
  }

  @Test func anOrphanDoesNotBegin() async throws {
    // Its parent is not the agent that it is told of.
    let orphan = try ChildProcess(product("xtblish-device"), ["app-host", "ipc:///tmp/nobody.ipc", "1"])
    #expect(try await orphan.waitForExit() == .exited(69))
    let wrong = try ChildProcess(product("xtblish-device"), ["app-host"])
    #expect(try await wrong.waitForExit() == .exited(64))
  }

  /// A zombie, which nobody has reaped yet, does not run.
  private func isRunning(_ process: Int32) -> Bool {
    guard let file = fopen("/proc/\(process)/stat", "re") else { return false }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, 512, file) != nil else { return false }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: ") ").dropFirst().first?.first.map { $0 != "Z" && $0 != "X" } ?? false
  }
}
