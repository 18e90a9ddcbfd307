import Foundation
import TestSupport
import Testing

/// Whether a process runs; one that ended and was not reaped yet does not.
private func isRunning(_ process: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
  return !status.split(separator: ")").last!.hasPrefix(" Z")
}

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct StackTests {
    /// Two stacks run side by side, and one going down leaves the other and none of its own processes.
    @Test
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
        #expect(processes.count == 9)
        try await second.call("down")
        for process in processes { #expect(!isRunning(process), "process \(process) is still there") }
        let listed = try await command("pgrep", ["-f", second.folder.path])
        #expect(listed.output.isEmpty, "left behind: \(listed.output)")
        try await first.call("status")
      }
    }

    /// After every process was killed, up comes back with the same devices, versions and app.
    @Test
    func aStackWhoseProcessesWereKilledComesBackAsItWas() async throws {
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

    /// A stack that grows gives each device a name of its own, and one that was revoked takes nothing down.
    @Test
    func growsAndLosesOne() async throws {
      try await Stack.run(devices: 1) { stack in
        try await stack.call("up", "--quiet", "--devices", "3")
        let listed = try await stack.admin("xtblish-registry", "devices", "list", "--json")
        let devices = try JSONDecoder().decode([NamedDevice].self, from: Data(listed.utf8))
        #expect(devices.map(\.name).sorted() == ["device-1", "device-2", "device-3"])

        let lost = try #require(devices.first { $0.name == "device-2" })
        try await stack.admin("xtblish-provisioner", "revoke", "device-2", "--reason", "lost", "--yes")
        try await stack.call("stop", "device-2")
        let said = try await stack.call("up")
        #expect(said.contains("device-2 is not started: its certificates were taken back"))
        for name in ["REGISTRY_1", "NOTIFIER_1", "DEVICE_1", "DEVICE_3", "MOSQUITTO"] {
          #expect(isRunning(try #require(Int32(try stack.value("XTBLISH_PID_\(name)")))), "\(name) was taken down")
        }
        #expect(try stack.devices.contains(lost.id))

        // It may come back, and has not yet: that takes nothing down either.
        try await stack.admin("xtblish-registry", "devices", "recommission", "device-2", "--reason", "found")
        let waits = try await stack.call("up")
        #expect(waits.contains("device-2 is not started: it may come back, and has to enrol again"), "\(waits)")
        // As the same device, with any claim: it knows its serial number, and its key tells that it is the one.
        let claim = try await stack.admin("xtblish-provisioner", "claim", "create", "--quiet")
          .trimmingCharacters(in: .newlines)
        let folder = stack.folder.path("devices/2")
        try await mustSucceed(
          "\(try productsDirectory())/xtblish-device", ["enroll", "--replace", "--directory", folder],
          environment: stack.environment().merging(["XTBLISH_CLAIM": claim]) { $1 })
        #expect(try await !stack.call("up").contains("device-2 is not started"))
        #expect(isRunning(try #require(Int32(try stack.value("XTBLISH_PID_DEVICE_2")))))
      }
    }

    private struct NamedDevice: Decodable {
      let id: String
      let name: String
    }

    @Test(
      "what is wrong with a call is told",
      arguments: [
        (["up", "--devices", "many"], "invalid int value"),
        (["up", "--replicas", "0"], "takes a number from 1 to 200"),
        (["down", "--data", "/nonexistent/stack"], "there is no stack in /nonexistent/stack"),
        (["stop", "registry-1", "--data", "/nonexistent/stack"], "start one with"),
        (["up", "--data", "/tmp/a folder/stack"], "--data takes no path with ' ' in it"),
        (["up", "--data", "/tmp/a\"b"], "Choose another folder"),
        (["fly"], "invalid choice"),
      ])
    func wrongCallsAreRefusedAndSayWhy(arguments: [String], says: String) async throws {
      let result = try await command("\(Stack.package)/deploy/stack", arguments)
      #expect(result.status != 0)
      #expect(result.errors.contains(says), "it said: \(result.errors)")
    }
  }
}
