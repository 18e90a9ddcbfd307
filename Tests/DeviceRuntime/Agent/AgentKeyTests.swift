import Glibc
import Logging
import Messaging
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import DeviceAdmin

/// Who may ask the agent: whoever can read its folder of keys.
@Suite(.seated, .timeLimit(.minutes(10))) struct AgentKeyTests {
  private let folder: TemporaryFolder
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private var keys: String { folder.path("bus") }
  private var endpoint: String { "ipc://\(folder.path("agent.ipc"))" }

  init() throws { folder = try TemporaryFolder("xtblish-agent") }

  private func mode(of path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  /// What the admin commands read.
  private func commandsBus() throws -> Bus {
    try Bus(keyFile: AgentKeys.keyFile(in: keys), peersFolder: keys, logger: logger)
  }

  private func status(over transport: any MessageTransport, deadline: Duration) async throws -> WireDeviceStatus {
    try await withRPCClient(name: "device", endpoints: [endpoint], transport: transport, logger: logger) { client in
      try await client.call(WireGetDeviceStatus(), deadline: deadline)
    }
  }

  @Test func theFolderIsItsOwnersAlone() throws {
    let before = umask(0)
    _ = try AgentKeys.make(in: keys)
    umask(before)
    #expect(mode(of: keys) == 0o700)
    #expect(mode(of: AgentKeys.keyFile(in: keys)) == 0o600)
  }

  @Test func onlyTheKeysOfTheRunningAgentOpenIt() async throws {
    _ = try AgentKeys.make(in: keys)
    let ofEarlierStart = try commandsBus()
    let agent = try AgentKeys.make(in: keys)
    #expect(try PeerFolder(keys).read().all.count == 1, "the earlier start's key is gone")
    var router = RPCRouter()
    router.handle(WireGetDeviceStatus.self, allowing: .operator) { _, _ in WireDeviceStatus.with { $0.name = "one" } }
    let server = RPCServer(
      name: "device", listening: endpoint, router: router, transport: agent.transport, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      _ = try await server.boundAddress()
      let status = try await status(over: commandsBus().transport(to: .device), deadline: .seconds(20))
      #expect(status.name == "one")
      for stranger in [ofEarlierStart.transport(to: .device), Bus.insecure.transport(to: .device)] {
        await #expect(throws: WireFailure.self) {
          try await self.status(over: stranger, deadline: .seconds(1))
        }
      }
      group.cancelAll()
    }
  }
}
