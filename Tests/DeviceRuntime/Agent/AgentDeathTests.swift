import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Wire
import ZeroMQ

@testable import Agent
@testable import AppLink
@testable import Foundations

/// The app's process with a stand-in for its agent: this test talks, and a shell is the parent.
@Suite(.seated, .timeLimit(.minutes(10))) struct AgentDeathTests {
  /// The agent's end of the connection.
  private struct Agent {
    let socket: ZeroMQSocket
    private let authenticator: ZeroMQAuthenticator
    private let keys = (agent: try! CurveKeyPair.generate(), app: try! CurveKeyPair.generate())

    init() throws {
      let context = try ZeroMQContext()
      authenticator = try ZeroMQAuthenticator(in: context)
      socket = try ZeroMQSocket(.pair, in: context)
      try socket.serveCurve(keys.agent, authenticator)
      try socket.set(.lingerMilliseconds(0))
    }

    /// Starts the process below a shell that waits for it, and returns when it has said that it is there.
    func start(
      _ folder: TemporaryFolder, environment: [String: String] = [:]
    ) async throws -> (shell: ChildProcess, process: Int32) {
      let endpoint = "ipc://\(folder.path("agent.ipc"))"
      try socket.bind(endpoint)
      try AppLinkKeys(agent: keys.agent.publicKey, app: keys.app).text
        .write(toFile: folder.path("keys"), atomically: true, encoding: .utf8)
      let program = try product("xtblish-app-host")
      let shell = try ChildProcess(
        "/bin/sh",
        ["-c", "'\(program)' '\(endpoint)' $$ 3<'\(folder.path("keys"))' & echo \"pid $!\"; wait"],
        environment: environment)
      let line = try await shell.waitForLine(containing: "pid ")
      let process = try #require(Int32(line.dropFirst(4)))
      guard case .ready = try await receive() else { throw TestFailure("no greeting") }
      return (shell, process)
    }

    func receive() async throws -> WireFromApp.OneOf_Body? {
      let message = ZeroMQMessage()
      try await eventually("a message from the app's process") {
        try authenticator.answer { key, _ in key == keys.app.publicKey }
        return try socket.receive(into: message)
      }
      return try WireFromApp(serializedBytes: message.bytes).body
    }
  }

  @Test func theProcessDiesWithItsAgent() async throws {
    let folder = try TemporaryFolder("xtblish-app")
    let agent = try Agent()
    let (shell, process) = try await agent.start(folder)
    #expect(kill(process, 0) == 0)
    shell.kill(SIGKILL)
    try await eventually("the end of process \(process)") { !isRunning(process) }
  }

  @Test func aMissingEngineIsToldWithTheWayOut() async throws {
    let folder = try TemporaryFolder("xtblish-app")
    let agent = try Agent()
    let (shell, process) = try await agent.start(
      folder, environment: ["XTBLISH_ENGINE": folder.path("libwasmtime.so")])
    var launch = WireToApp()
    launch.launch.modulePath = folder.path("app.wasm")
    launch.launch.limits.stackBytes = 512 << 10
    #expect(try agent.socket.send(launch.serializedBytes()))
    guard case .ended(let ended) = try await agent.receive() else {
      Issue.record("no ending")
      return
    }
    #expect(ended.hostFailed.contains("make engine"))
    var farewell = WireToApp()
    farewell.farewell = WireFarewell()
    // On a busy machine it may have waited for this long enough, and be gone.
    _ = try agent.socket.send(farewell.serializedBytes())
    try await eventually("the end of process \(process)") { !isRunning(process) }
    try await shell.waitForExit()
  }

  @Test func itDoesNotBeginWithoutKeys() async throws {
    let shell = try ChildProcess(
      "/bin/sh", ["-c", "'\(product("xtblish-app-host"))' ipc:///tmp/nobody.ipc $$ & wait $!"])
    #expect(try await shell.waitForExit() == .exited(64))
    #expect(shell.output.contains("no keys came"))
  }

  @Test func anOrphanDoesNotBegin() async throws {
    // Its parent is not the agent that it is told of.
    let orphan = try ChildProcess(product("xtblish-app-host"), ["ipc:///tmp/nobody.ipc", "1"])
    #expect(try await orphan.waitForExit() == .exited(69))
    let wrong = try ChildProcess(product("xtblish-app-host"), [])
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
