import Foundation
import TestSupport
import Testing

/// Whether a process runs; one that ended and was not reaped yet does not.
private func isRunning(_ process: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
  return !status.split(separator: ")").last!.hasPrefix(" Z")
}

extension EndToEnd {
  @Suite(.serialized)
  struct StackTests {
    @Test("two stacks run side by side, and one going down leaves the other and none of its own processes")
    func sideBySide() async throws {
      try await Stack.run(devices: 1) { first in
        let second = try Stack()
        try await second.call("up", "--quiet", "--devices", "2")
        let mine = try first.environment()
        let others = try second.environment()
        for key in ["XTBLISH_REGISTRY_URL", "XTBLISH_MQTT_PORT", "XTBLISH_DATABASE_URL", "XTBLISH_DEVICE_IDS"] {
          #expect(mine[key] != nil && mine[key] != others[key], "\(key) is shared")
        }
        let processes = others.filter { $0.key.hasPrefix("XTBLISH_PID_") }.compactMap { Int32($0.value) }
        #expect(processes.count == 8)
        try await second.call("down")
        for process in processes { #expect(!isRunning(process), "process \(process) is still there") }
        let listed = try await command("pgrep", ["-f", second.folder.path])
        #expect(listed.output.isEmpty, "left behind: \(listed.output)")
        try await first.call("status")
      }
    }

    @Test("after every process was killed, up comes back with the same devices, versions and app")
    func comesBack() async throws {
      try await Stack.run(devices: 1) { stack in
        let device = try #require(try stack.devices.first)
        let deployment = try await stack.deploy(App.make("kept", in: stack.folder), to: device)
        try await stack.waitUntilRuns(deployment)
        for (key, value) in try stack.environment() where key.hasPrefix("XTBLISH_PID_") {
          kill(try #require(Int32(value)), SIGKILL)
        }
        try await stack.call("up", "--quiet")
        #expect(try stack.devices == [device])
        #expect(try await stack.firmware(of: device).map(\.digest) == [deployment.digest])
        let next = try await stack.deploy(App.make("next", in: stack.folder), to: device)
        #expect(next.version == 2)
        try await stack.waitUntilRuns(next)
      }
    }

    @Test(
      "what is wrong with a call is told",
      arguments: [
        (["up", "--devices", "many"], "invalid int value"),
        (["up", "--replicas", "0"], "takes a number from 1 to 200"),
        (["down", "--data", "/nonexistent/stack"], "there is no stack in /nonexistent/stack"),
        (["stop", "registry-1", "--data", "/nonexistent/stack"], "start one with"),
        (["fly"], "invalid choice"),
      ])
    func badCalls(arguments: [String], says: String) async throws {
      let result = try await command("\(Stack.package)/deploy/stack", arguments)
      #expect(result.status != 0)
      #expect(result.errors.contains(says), "it said: \(result.errors)")
    }
  }
}
