import DeviceProtocol
import FirmwareImage
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Agent
@testable import DeviceCredentials
@testable import DeviceStorage
@testable import Foundations

/// The device's program as people and scripts use it.
@Suite(.seated) struct DeviceCommandTests {
  static func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// Settings that nobody reads are none.
  @Test func settingsAreThoseOfAFolderThatIsThere() async throws {
    let folder = try TemporaryFolder("xtblish-settings")
    for arguments in [["list"], ["set", "interval", "30"], ["unset", "interval"]] {
      let result = try await DeviceProcess.command(
        ["config"] + arguments + ["--directory", folder.path("absent")])
      #expect(result.status == .exited(65), "\(result.output)")
      #expect(result.output.contains("there is no folder \(folder.path("absent")): name the device's with --directory"))
    }
    let fuses = try await DeviceProcess.command(["otp", "show", "--directory", folder.path("absent")])
    #expect(fuses.status == .exited(65) && fuses.output.contains("there is no folder"), "\(fuses.output)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("absent")))
    let set = try await DeviceProcess.command(["config", "set", "interval", "30", "--directory", folder.path])
    #expect(set.status == .exited(0))
    let listed = try await DeviceProcess.command(["config", "list", "--json", "--directory", folder.path])
    #expect(try Self.json(listed.output)["interval"] as? String == "30")
  }

  /// What root wrote, the agent of another user could not read.
  @Test(.enabled(if: geteuid() == 0)) func whatRootWritesIsTheAgentsOwn() async throws {
    let nobody: uid_t = 65534
    let folder = try TemporaryFolder("xtblish-owner")
    let directory = folder.path("device")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    #expect(chmod(folder.path, 0o711) == 0 && chown(directory, nobody, nobody) == 0)
    let set = try await DeviceProcess.command(["config", "set", "interval", "30", "--directory", directory])
    #expect(set.status == .exited(0), "\(set.output)")
    let key = try await DeviceProcess.command(["key", "--directory", directory])
    #expect(key.status == .exited(0), "\(key.output)")
    var files = 0
    for case let name as String in try #require(FileManager.default.enumerator(atPath: directory)) {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
      #expect((attributes[.ownerAccountID] as? NSNumber)?.uint32Value == nobody, "\(name)")
      files += 1
    }
    #expect(files >= 3)
  }

  @Test func whoAsksADeviceThatDoesNotRunIsToldHowToStartIt() async throws {
    let folder = try TemporaryFolder("xtblish-never-run")
    let result = try await DeviceProcess.command(["status", "--directory", folder.path])
    #expect(result.status == .exited(69))
    #expect(result.output.contains("start it with xtblish-device run --directory \(folder.path)"), "\(result.output)")
  }

  @Test func aBoardThatIsNotThereIsToldInWordsForPeople() async throws {
    let folder = try TemporaryFolder("xtblish-no-board")
    let board = folder.path("board.json")
    let result = try await DeviceProcess.command(["dev", "app.wasm", "--board", board])
    #expect(result.status == .exited(65))
    #expect(
      result.output == "error: the board \(board) can't be used: can't read \(board): No such file or directory\n")
  }

  @Test func statusSlotsAndLogsTellWhatRuns() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    let process = try device.start()
    for version in 1...2 as ClosedRange<UInt64> {
      let image = try await device.image(version)
      harness.offer(image.bytes, as: version)
      try await harness.reconcile(image)
      try await harness.waitForReport { $0.version == version && $0.status == "confirmed" }
    }
    let status = try await DeviceProcess.command(["status", "--json", "--directory", device.directory])
    #expect(status.status == .exited(0))
    let fields = try Self.json(status.output)
    #expect(fields["id"] as? String == harness.device.description)
    #expect(fields["connected"] as? Bool == true)
    #expect(fields["phase"] as? String == "confirmed")
    let running = try #require(fields["running"] as? [String: Any])
    #expect(running["version"] as? Int == 2)
    #expect(running["slot"] as? String == "B")
    #expect(running["status"] as? String == "confirmed")
    #expect(running["appName"] as? String == "sensor")

    let human = try await DeviceProcess.command(["status"], environment: device.environment)
    #expect(human.output.contains("version 2, confirmed, slot B"))
    let slots = try await DeviceProcess.command(["slots"], environment: device.environment)
    #expect(slots.output.contains("B (active)"))
    let logs = try await DeviceProcess.command(["logs", "-n", "100"], environment: device.environment)
    #expect(logs.output.contains("v1 app hello from version 1"))
    #expect(logs.output.contains("v2 app hello from version 2"))
    #expect(logs.output.contains("agent version 2 is confirmed"))
    let last = try await DeviceProcess.command(["logs", "-n", "1", "--json"], environment: device.environment)
    #expect(last.output.split(separator: "\n").count == 1)
    #expect(try Self.json(last.output)["id"] is Int)

    let follower = try ChildProcess(
      try product("xtblish-device"), ["logs", "--follow", "-n", "1"], environment: device.environment,
      inheritsEnvironment: false)
    // It reads by now.
    try await follower.waitForLine(containing: "version 2 is confirmed")
    let third = try await device.image(3)
    harness.offer(third.bytes, as: 3)
    try await harness.reconcile(third)
    try await follower.waitForLine(containing: "hello from version 3")
    #expect(!follower.output.contains("hello from version 2"))

    let second = try await DeviceProcess.command(["run"], environment: device.environment)
    #expect(second.status == .exited(75))
    #expect(second.output.contains("another agent runs on"))
    #expect(try await process.stop() == .exited(0))
    try await eventually { harness.presence.last == "offline" }
    let gone = try await DeviceProcess.command(["status", "--timeout", "1"], environment: device.environment)
    #expect(gone.status == .exited(69) || gone.status == .exited(75))
    #expect(gone.output.hasPrefix("error: ") && gone.output.contains("agent.ipc"))
  }

  @Test func aProbeIsToldWhetherTheAgentIsThereAndConnected() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    let check = ["healthcheck", "--directory", device.directory]
    let early = try await DeviceProcess.command(check)
    #expect(early.status == .exited(69) && early.output.hasPrefix("error: "), "\(early.output)")

    let process = try device.start()
    try await process.waitForLine(containing: "connected to the broker")
    try await eventually("it is connected") { try await DeviceProcess.command(check).status == .exited(0) }
    try await harness.broker.stop()
    try await eventually("it is not connected") { try await DeviceProcess.command(check).status == .exited(69) }
    let away = try await DeviceProcess.command(check)
    #expect(away.output.contains("is not connected to its broker"), "\(away.output)")
    let alive = try await DeviceProcess.command(check + ["--live"])
    #expect(alive.status == .exited(0) && alive.output.hasSuffix(" is alive\n"), "\(alive.output)")
    #expect(try await process.stop() == .exited(0))
  }

  @Test func aDeviceEnrolsOnceAndKeepsItsIdentity() async throws {
    let folder = try TemporaryFolder("xtblish-enroll")
    let answer = #"""
      {"deviceID":"0f8fad5b-d9cb-469f-a165-70867728950e","name":"device-1","mqtt":{"host":"127.0.0.1","port":1883},
      "imageStoreURLs":["http://127.0.0.1:7121"],"heartbeatSeconds":7}
      """#
    let server = try ScriptedHTTPServer { request, connection in
      let isRight = request.path == "/v1/enroll" && String(decoding: request.body, as: UTF8.self).contains("good-token")
      if isRight {
        connection.respond(200, headers: ["Content-Type: application/json"], body: Array(answer.utf8))
      } else {
        connection.respond(
          403, headers: ["Content-Type: application/problem+json"],
          body: Array(#"{"title":"claim expired","detail":"the claim expired; make another","status":403}"#.utf8))
      }
    }
    let directory = folder.path("device")
    var environment = [
      "XTBLISH_PROVISIONER_URL": server.url, "XTBLISH_DEVICE_DIRECTORY": directory,
    ]

    let none = try await DeviceProcess.command(["run"], environment: environment)
    #expect(none.status == .exited(78))
    #expect(none.output.contains("not enrolled") && none.output.contains("xtblish-device enroll"))

    let unclaimed = try await DeviceProcess.command(
      ["enroll", "--insecure", "--serial", "s1"], environment: environment)
    #expect(unclaimed.status == .exited(64))
    #expect(unclaimed.output.contains("XTBLISH_CLAIM"))

    let refused = try await DeviceProcess.command(
      ["enroll", "--insecure", "--serial", "s1", "--claim", "bad-token"], environment: environment)
    #expect(refused.status == .exited(1))
    #expect(refused.output.contains("the claim expired; make another"))

    try writeFile(folder.path("claim"), "good-token\n")
    let enrolled = try await DeviceProcess.command(
      ["enroll", "--insecure", "--serial", "s1", "--claim-file", "-", "--json"], environment: environment,
      input: folder.path("claim"))
    #expect(enrolled.status == .exited(0))
    #expect(try Self.json(enrolled.output)["id"] as? String == "0f8fad5b-d9cb-469f-a165-70867728950e")
    let body = String(decoding: server.requests.last?.body ?? [], as: UTF8.self)
    #expect(body.contains(#""serial":"s1""#) && body.contains(#""claim":"good-token""#))
    let stored = try Self.json(String(contentsOfFile: directory + "/identity.json", encoding: .utf8))
    #expect(stored["heartbeatSeconds"] as? Int == 7)
    #expect(stored["serial"] as? String == "s1")

    environment["XTBLISH_CLAIM"] = "good-token"
    let again = try await DeviceProcess.command(["enroll", "--insecure", "--serial", "s2"], environment: environment)
    #expect(again.status == .exited(1))
    #expect(again.output.contains("enrolled already"))
    let replaced = try await DeviceProcess.command(
      ["enroll", "--insecure", "--serial", "s2", "--replace"], environment: environment)
    #expect(replaced.status == .exited(0))
    #expect(replaced.output.contains("enrolled as device-1"))

    environment["XTBLISH_PROVISIONER_URL"] = "http://127.0.0.1:1"
    let unreachable = try await DeviceProcess.command(
      ["enroll", "--insecure", "--serial", "s2", "--replace"], environment: environment)
    #expect(unreachable.status == .exited(69))
  }

  @Test func aPathTooLongForSocketsIsToldClearly() async throws {
    let harness = try await AgentHarness()
    let directory = harness.folder.path(String(repeating: "d", count: 90))
    try harness.identity.save(to: try DirectoryFlash(directory: directory))
    let result = try await DeviceProcess.command(
      ["run", "--directory", directory], environment: ["XTBLISH_INSECURE": "true"])
    #expect(result.status == .exited(78))
    #expect(result.output.contains("at most 75"))
  }

  @Test func theConfigurationIsShownAndChecked() async throws {
    let good = try await DeviceProcess.command(["check-config"])
    #expect(good.status == .exited(0))
    #expect(good.output.contains("XTBLISH_DEVICE_TRIAL_SECONDS"))
    let bad = try await DeviceProcess.command(["check-config"], environment: ["XTBLISH_DEVICE_TRIAL_SECONDS": "soon"])
    #expect(bad.status == .exited(78))
    let misplaced = try await DeviceProcess.command(
      ["check-config"], environment: ["XTBLISH_DEVICE_OTP_NVMEM_OFFSET_BYTES": "6"])
    #expect(misplaced.status == .exited(78) && misplaced.output.contains("multiple of 4"))
    for arguments in [["--version"], ["completion", "bash"], ["--help"], ["help", "enroll"]] {
      #expect(try await DeviceProcess.command(arguments).status == .exited(0))
    }
    #expect(try await DeviceProcess.command(["nonsense"]).status == .exited(64))
  }

  @Test func anAgentWithoutTheProgramForAppsSaysSoAtOnce() async throws {
    let harness = try await AgentHarness()
    let directory = harness.folder.path("device")
    try harness.identity.save(to: try DirectoryFlash(directory: directory))
    let lonely = harness.folder.path("xtblish-device")
    try FileManager.default.copyItem(atPath: product("xtblish-device"), toPath: lonely)
    let process = try ChildProcess(
      lonely, ["run", "--directory", directory], environment: ["XTBLISH_INSECURE": "true"], inheritsEnvironment: false)
    #expect(try await process.waitForExit() == .exited(78))
    #expect(process.output.contains("can't run \(harness.folder.path("xtblish-app-host"))"), "\(process.output)")
    #expect(process.output.contains("install it"))
  }

  @Test func theProgramLinksNeitherAnHTTPServerNorTheEngine() async throws {
    let symbols = try ChildProcess("nm", ["-C", try product("xtblish-device")])
    // Swift's own names: mangled, they hold the module's.
    try await symbols.waitForExit()
    #expect(symbols.output.contains("UpdateCore"))
    #expect(!symbols.output.contains("Hummingbird"))
    #expect(!symbols.output.contains("8Wasmtime"))
  }
}
