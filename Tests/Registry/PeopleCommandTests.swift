import Foundation
import Foundations
import RegistryStorage
import TestSupport
import Testing
import TextFormats

@testable import RegistryClient
@testable import RegistryDomain

/// What people meet at the command line: names instead of IDs, whole lists, tables that fit, one style of errors.
@Suite(.seated) struct PeopleCommandTests {
  private func withService(_ body: (CommandTests.Service) async throws -> Void) async throws {
    let service = try await CommandTests.Service.start()
    try await eventually("the service answers") {
      try await service.run("status").status == .exited(0)
    }
    try await body(service)
    #expect(try await service.process.stop() == .exited(0))
  }

  @Test func aListForProgramsIsNeverAPart() async throws {
    try await withService { service in
      for number in 1...61 { try await service.fixture.device("pump-\(number)") }
      let json = try await service.run("devices", "list", "--json")
      #expect(JSONValue(parsing: Array(json.output.utf8))?.items.count == 61)
      let table = try await service.run("devices", "list")
      #expect(table.output.split(separator: "\n").count == 52)
      #expect(table.output.contains("There are more: use --limit 0 for all."))
      // Who asks for a part is told that it is one.
      let part = try await service.run("devices", "list", "--json", "--limit", "3")
      #expect(part.output.contains("There are more"))
      #expect(try await service.run("devices", "list", "--limit", "0").output.split(separator: "\n").count == 62)
    }
  }

  /// A line has room for the beginning of a detail: what tells most is there, and the digest is not.
  @Test func anEventThatIsCutBeginsWithWhatTellsMost() {
    let detail: [String: JSONValue] = [
      "digest": .string("sha256:" + String(repeating: "ab", count: 32)), "version": .integer(3), "slot": .string(""),
      "status": .string("rolled-back"), "reason": .string("trapped"), "failed": .object(["version": .integer(3)]),
    ]
    let event = EventDocument(
      id: 7, device: "21f4d6d8-ce0c-4b5a-aa6d-e4d0d1fa85a9", kind: "state-reported", at: "2026-11-30T03:57:30.920Z",
      detail: .object(detail))
    let line = EventDocument.table([event], columns: 100).split(separator: "\n").last
    #expect(
      line?.contains("state-reported  version 3, status rolled-back, reason trapped") == true, "\(line ?? "")")
    #expect(line.map { $0.count <= 100 } == true)
    // Who wants all of it gets what the Registry keeps.
    #expect(EventDocument.table([event]).contains(#""status":"rolled-back""#))
  }

  @Test func severalTagsMeanAllOfThem() async throws {
    try await withService { service in
      try await service.fixture.device("both", tags: ["a", "b"])
      try await service.fixture.device("first", tags: ["a"])
      try await service.fixture.device("second", tags: ["b"])
      let listed = try await service.run("devices", "list", "--tag", "a", "--tag", "b", "--json")
      let names = JSONValue(parsing: Array(listed.output.utf8))?.items.map { $0["name"]?.string }
      #expect(names == ["both"])
    }
  }

  @Test func aDeviceIsNamedAsPeopleDo() async throws {
    try await withService { service in
      let pump = try await service.fixture.device("pump-north")
      try await service.fixture.device("pump-south")
      _ = try await service.fixture.store.assign(try .sample(), to: pump, idempotencyKey: "k")
      for name in ["pump-north", "pump-n", "\(pump)", String("\(pump)".prefix(9))] {
        let shown = try await service.run("devices", "show", name, "--json")
        #expect(JSONValue(parsing: Array(shown.output.utf8))?["id"]?.string == "\(pump)", "\(name): \(shown.output)")
      }
      #expect(try await service.run("firmware", "list", "pump-n").output.contains("sensor"))
      #expect(try await service.run("events", "list", "--device", "pump-n").output.contains("image-assigned"))
      #expect(try await service.run("devices", "notify", "pump-n").status == .exited(0))
      let many = try await service.run("devices", "show", "pump")
      #expect(many.status == .exited(65))
      #expect(many.output.contains("error: \"pump\" may be any of these"))
      #expect(many.output.contains("\(pump)  pump-north") && many.output.contains("pump-south"))
      let none = try await service.run("devices", "delete", "valve")
      #expect(none.status == .exited(65) && none.output.contains("error: no device has the name or ID"))
    }
  }

  /// Whatever beginning of it the command was given: nobody confirms a device that he did not mean.
  @Test func aPromptAsksForTheNameOfTheDeviceItself() async throws {
    try await withService { service in
      let pump = try await service.fixture.device("pump-north")
      let short = String("\(pump)".prefix(8))
      for typed in ["no", short, ""] {
        let result = try await service.type(typed, to: "devices", "decommission", short, "--reason", "old")
        #expect(result.contains("Device pump-north (\(pump)) goes out of service"), "\(result)")
        #expect(result.contains("Type pump-north to go on") && result.contains("error: nothing was done"), "\(result)")
      }
      let done = try await service.type("pump-north", to: "devices", "decommission", short, "--reason", "old")
      #expect(done.contains("decommissioned"), "\(done)")
      let deleted = try await service.type("\(pump)", to: "devices", "delete", "pump-n")
      #expect(deleted.contains("deleted"), "\(deleted)")
    }
  }

  @Test func theAuditLogIsAskedByADevicesName() async throws {
    try await withService { service in
      let pump = try await service.fixture.device("pump-north")
      _ = try await service.run("devices", "update", "pump-n", "--tag", "x")
      let found = try await service.run("audit", "--target", "device:pump-n", "--action", "update-device", "--json")
      #expect(JSONValue(parsing: Array(found.output.utf8))?.items.first?["target"]?.string == "device:\(pump)")
      #expect(try await service.run("audit", "--target", "device:valve").status == .exited(65))
      #expect(try await service.run("audit", "--target", "device:\(DeviceID.random())").status == .exited(0))
    }
  }

  @Test func aPlaceholderIsNoSerialNumberHereEither() async throws {
    try await withService { service in
      let result = try await service.run("devices", "create", "pump", "--serial", "0123456789")
      #expect(result.status == .exited(65) && result.output.contains("serial-placeholder"), "\(result.output)")
      #expect(try await service.run("devices", "create", "pump", "--serial", "SN-17").status == .exited(0))
      #expect(try await service.run("devices", "create", "valve").status == .exited(0))
    }
  }

  @Test func whatAnAppIsSentIsNotCut() async throws {
    try await withService { service in
      try await service.fixture.device("pump")
      let folder = try TemporaryFolder("xtblish-payload")
      try Data(repeating: 0, count: 70_000).write(to: URL(filePath: folder.path("large")))
      let large = try await service.run("apps", "send", "pump", "a", "--file", folder.path("large"))
      #expect(large.status == .exited(65) && large.output.contains("has more than 65536 bytes"), "\(large.output)")
      let absent = try await service.run("apps", "send", "pump", "a", "--file", folder.path("absent"))
      #expect(absent.status == .exited(65) && absent.output.contains("absent can't be read: check the path"))
    }
  }

  @Test func aTokenIsRevokedByTheBeginningOfItsName() async throws {
    try await withService { service in
      for name in ["ci-main", "ci-nightly"] { _ = try await service.run("token", "create", name, "--scope", "read") }
      let many = try await service.run("token", "revoke", "ci", "--yes")
      #expect(many.status == .exited(65) && many.output.contains("ci-main, ci-nightly"))
      #expect(try await service.run("token", "revoke", "ci-n", "--yes").output == "revoked ci-nightly\n")
      #expect(try await service.run("token", "revoke", "x", "--yes").status == .exited(65))
    }
  }

  @Test func tablesFitEightyColumns() async throws {
    try await withService { service in
      let device = try await service.fixture.device(
        "a rather long name of a device in the northern hall", tags: ["north", "indoor", "pump"])
      let image = try PublishedApp.sample(1, name: "an-app-with-a-name-of-32-bytes-x")
      _ = try await service.fixture.store.assign(image, to: device, idempotencyKey: "k")
      _ = try await service.fixture.store.record([.state(device, 1, .running(image.reference(1)))])
      _ = try await service.run("token", "create", "a-long-name-of-a-token-for-the-nightly-build", "--scope", "deploy")
      for command in [
        ["devices", "list"], ["firmware", "list", "\(device)"], ["events", "list"], ["token", "list"], ["audit"],
        ["crashes", "list"], ["director", "list"],
      ] {
        let result = try await service.run(command)
        #expect(result.status == .exited(0))
        for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(command): \(line)") }
        let wide = try await service.run(command + ["--wide"])
        #expect(!wide.output.contains("…"), "\(command): \(wide.output)")
      }
      for command in [
        ["devices", "show", "\(device)"], ["firmware", "show", "\(device)"], ["status"],
      ] {
        let result = try await service.run(command, environment: ["COLUMNS": "80"])
        #expect(!result.output.isEmpty)
        for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(command): \(line)") }
      }
      let listed = try await service.run("devices", "list").output
      #expect(listed.hasPrefix("NAME") && listed.contains("VERSION") && listed.contains("STATE"))
      #expect(listed.contains("an-app") && listed.contains("1.1") && listed.contains("current"))
    }
  }

  @Test func everyErrorBeginsAlike() async throws {
    for arguments in [["devices", "list", "--nonsense"], ["devices", "update", "x"], ["nonsense"]] {
      let child = try ChildProcess(
        product("xtblish-registry"), arguments, environment: ["XTBLISH_INSECURE": "true"], inheritsEnvironment: false)
      #expect(try await child.waitForExit() == .exited(64))
      #expect(child.output.hasPrefix("error: "), "\(child.output)")
      #expect(!child.output.contains("Error:"))
    }
  }

  @Test func aShellIsOfferedNames() async throws {
    try await withService { service in
      try await service.fixture.device("pump-north")
      try await service.fixture.device("valve")
      let script = try await service.run("completion", "bash")
      #expect(script.output.contains("---completion"))
      let offered = try await service.run(
        "---completion", "devices", "show", "--", "positional@0", "3", "2", "xtblish-registry", "devices", "show", "pu")
      #expect(offered.output.contains("pump-north") && !offered.output.contains("valve"), "\(offered.output)")
    }
  }

  @Test func aRollbackIsANewVersionOfTheImageBefore() async throws {
    try await withService { service in
      let device = try await service.fixture.device("pump")
      let (old, new) = (try PublishedApp.sample(1), try PublishedApp.sample(2))
      let none = try await service.run("firmware", "rollback", "pump")
      #expect(none.status == .exited(65))
      _ = try await service.fixture.store.assign(old, to: device, idempotencyKey: "1")
      _ = try await service.fixture.store.record([.state(device, 1, .running(old.reference(1)))])
      let first = try await service.run("firmware", "rollback", "pump")
      #expect(first.status == .exited(1) && first.output.contains("--to"))
      _ = try await service.fixture.store.assign(new, to: device, idempotencyKey: "2")
      _ = try await service.fixture.store.record([.state(device, 2, .running(new.reference(2)))])
      let back = try await service.run("firmware", "rollback", "pump")
      #expect(back.output == "the image of version 1 is now version 3\n")
      let firmware = try await service.fixture.store.firmware(of: device, version: nil)
      #expect(firmware.version == 3 && firmware.image == old)
      #expect(try await service.run("audit", "--action", "roll-back-firmware").output.contains("device:"))
      let named = try await service.run("firmware", "rollback", "pump", "--to", "2", "--json")
      #expect(JSONValue(parsing: Array(named.output.utf8))?["version"] == .integer(4))
    }
  }
}
