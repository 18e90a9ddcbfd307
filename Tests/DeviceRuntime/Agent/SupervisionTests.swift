import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// What the device's program tells a service manager.
@Suite(.seated) struct SupervisionTests {
  /// The manager's socket, in Python, as systemd has it: prints a line for each datagram.
  private static let manager = """
    import socket, sys
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(sys.argv[1])
    print("listening", flush=True)
    while True:
        print("told " + listener.recv(4096).decode().replace("\\n", " "), flush=True)
    """

  private static func count(_ text: String, of word: String) -> Int { text.components(separatedBy: word).count - 1 }

  @Test func theManagerHearsThatTheAgentIsReadyThenThatItLivesThenThatItEnds() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    let socket = harness.folder.path("notify")
    let manager = try ChildProcess("python3", ["-c", Self.manager, socket])
    try await eventually("the manager listens") { manager.output.contains("listening") }
    let process = try device.start(settings: ["NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "600000"])
    try await eventually("the agent is ready") { manager.output.contains("told READY=1") }
    try await eventually("it lives") { Self.count(manager.output, of: "WATCHDOG=1") >= 5 }
    try await eventually("it is connected") {
      manager.output.contains("STATUS=connected to the broker; runs no app yet")
    }
    process.kill(SIGTERM)
    #expect(try await process.waitForExit() == .exited(0))
    try await eventually("it ends") { manager.output.contains("told STOPPING=1 STATUS=ending") }
  }

  @Test func onlyAnAgentThatGetsOnGivesASignOfLife() async throws {
    let harness = try await AgentHarness()
    let agent = try harness.makeAgent(AgentHarness.configuration())
    let signs = Mutex(0)
    agent.mailbox.onNextTurn { signs.withLock { $0 += 1 } }
    // Nobody handles its events yet.
    #expect(signs.withLock { $0 } == 0)
    let running = Task { try await agent.run() }
    try await eventually("it handles events") { signs.withLock { $0 } == 1 }
    agent.mailbox.onNextTurn { signs.withLock { $0 += 1 } }
    try await eventually("it still does") { signs.withLock { $0 } == 2 }
    running.cancel()
    try await running.value
  }
}
