import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A device or a server that went back in time: whole systems of real processes.
  @Suite(.seated, .serialized)
  struct BackInTimeTests {
    /// How often each scenario happens in one stack.
    private static let rounds = Int(ProcessInfo.processInfo.environment["XTBLISH_ROUNDS"] ?? "1") ?? 1

    /// The device's flash is restored from a backup: the Registry learns what runs, and no line is lost.
    @Test
    func aFlashThatIsRestoredConverges() async throws {
      try await Stack.run(devices: 1) { stack in
        let flash = try RestorableFlash(stack)
        for round in 1...Self.rounds {
          let first = try await stack.deploy(App.make("old-\(round)", in: stack.folder), to: flash.device)
          try await stack.waitUntilRuns(first)
          try await flash.backUp()
          for label in ["newer", "newest"] {
            let next = try await stack.deploy(App.make("\(label)-\(round)", in: stack.folder), to: flash.device)
            try await stack.waitUntilRuns(next)
          }
          let newest = try #require(try await stack.firmware(of: flash.device).last)
          let before = try await stack.lastEvent(of: flash.device)
          try await flash.restore()
          // It is told as what it is, and then brought up to date.
          try await stack.waitForReport(of: first.version, by: flash.device, after: before)
          try await stack.waitUntilRuns(newest.digest, on: flash.device)
          try await stack.waitForAllLines(of: flash)
        }
      }
    }

    /// The device forgets at each boot: each time the Registry learns what runs.
    @Test
    func forgetsAtEachBoot() async throws {
      try await Stack.run(devices: 1) { stack in
        let flash = try RestorableFlash(stack)
        let base = try await stack.deploy(App.make("base", in: stack.folder), to: flash.device)
        try await stack.waitUntilRuns(base)
        try await flash.backUp()
        let wanted = try await stack.deploy(App.make("wanted", in: stack.folder), to: flash.device)
        try await stack.waitUntilRuns(wanted)
        for _ in 1...max(3, Self.rounds) {
          let before = try await stack.lastEvent(of: flash.device)
          try await flash.restore()
          try await stack.waitForReport(of: base.version, by: flash.device, after: before)
          try await stack.waitUntilRuns(wanted)
          try await stack.waitForAllLines(of: flash)
        }
      }
    }

    /// Both boot records are damaged: what is in the slots is tried, or fetched again, and the Registry learns it.
    @Test
    func bothBootRecordsDamaged() async throws {
      try await Stack.run(devices: 1) { stack in
        let flash = try RestorableFlash(stack)
        for round in 1...Self.rounds {
          let deployment = try await stack.deploy(App.make("kept-\(round)", in: stack.folder), to: flash.device)
          try await stack.waitUntilRuns(deployment)
          let epoch = try await stack.epoch(of: flash.device)
          try await flash.change { try flash.damageBootRecords() }
          try await eventually("a report of another life of the flash") {
            try await stack.epoch(of: flash.device) != epoch
          }
          try await stack.waitUntilRuns(deployment)

          let before = try await stack.lastEvent(of: flash.device)
          try await flash.change {
            try flash.damageBootRecords()
            try flash.removeSlots()
          }
          // It runs nothing, says so, and gets the same version again.
          try await stack.waitForReport(of: 0, by: flash.device, after: before)
          try await stack.waitUntilRuns(deployment)
        }
      }
    }

    /// The Registry's database is restored: versions that were given out are not stuck, and a retry goes back.
    @Test
    func aDatabaseThatIsRestoredConverges() async throws {
      try await Stack.run(devices: 1) { stack in
        let flash = try RestorableFlash(stack)
        for round in 1...Self.rounds {
          let kept = try await stack.deploy(App.make("kept-\(round)", in: stack.folder), to: flash.device)
          try await stack.waitUntilRuns(kept)
          let before = try await stack.lastEvent(of: flash.device)
          let backup = try await stack.dumpRegistry()
          for label in ["lost", "lost-too"] {
            let lost = try await stack.deploy(App.make("\(label)-\(round)", in: stack.folder), to: flash.device)
            try await stack.waitUntilRuns(lost)
          }

          // The device says what it runs, which this database never gave it. Nobody sends it back unasked.
          try await stack.restoreRegistry(backup)
          try await eventually("an event of a version that was never given") {
            try await stack.events(of: flash.device).contains { $0.id > before && $0.kind == "unknown-version" }
          }
          try await stack.admin("xtblish-registry", "firmware", "retry", flash.device)
          try await stack.waitUntilRuns(kept.digest, on: flash.device)

          // The operator goes on before the device is heard: it had the version that its image gets.
          let changed = try await stack.deploy(App.make("changed-\(round)", in: stack.folder), to: flash.device)
          try await stack.waitUntilRuns(changed)
          try await stack.call("stop", "device-1")
          try await stack.restoreRegistry(backup)
          let next = try await stack.deploy(App.make("next-\(round)", in: stack.folder), to: flash.device)
          #expect(next.version <= changed.version)
          try await stack.call("start", "device-1")
          try await stack.waitUntilRuns(next.digest, on: flash.device)
        }
      }
    }
  }
}

/// The flash of a stack's first device, which can be put back to what it was.
private struct RestorableFlash: Sendable {
  let stack: Stack
  let device: String
  let directory: String
  private let backup: String

  init(_ stack: Stack) throws {
    self.stack = stack
    device = try #require(try stack.devices.first)
    directory = try #require(try stack.value("XTBLISH_DEVICE_DIRECTORIES").split(separator: " ").map(String.init).first)
    backup = stack.folder.path("flash-backup")
  }

  func backUp() async throws {
    try await change {
      try await mustSucceed("rm", ["-rf", backup])
      try await mustSucceed("cp", ["-a", directory, backup])
    }
  }

  func restore() async throws {
    try await change {
      try await mustSucceed("rm", ["-rf", directory])
      try await mustSucceed("cp", ["-a", backup, directory])
    }
  }

  /// Does it while the device is off, as if the power had gone.
  func change(_ body: () async throws -> Void) async throws {
    try stack.kill("device-1")
    // The agent's lock goes with it.
    try await stack.call("stop", "device-1")
    try await body()
    try await stack.call("start", "device-1")
  }

  func damageBootRecords() throws {
    for name in ["boot-record-0", "boot-record-1"] {
      try Data(repeating: 0x5A, count: 512).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
  }

  func removeSlots() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasPrefix("slot-") {
      try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
    }
  }
}

private struct Event: Codable {
  struct Detail: Codable {
    let version: UInt64?
  }

  let id: UInt64
  let kind: String
  let detail: Detail
}

private struct Line: Codable, Hashable {
  let monotonicNanoseconds: UInt64
  let text: String
}

extension Stack {
  fileprivate func waitUntilRuns(_ digest: String, on device: String) async throws {
    try await eventually("device \(device) running \(digest)") {
      let reported = try await state(of: device)?.reported
      return reported?.digest == digest && reported?.status == "confirmed"
    }
  }

  /// The newest, oldest first.
  fileprivate func events(of device: String) async throws -> [Event] {
    let text = try await admin("xtblish-registry", "events", "list", "--device", device, "--limit", "200", "--json")
    return try JSONDecoder().decode([Event].self, from: Data(text.utf8)).sorted { $0.id < $1.id }
  }

  fileprivate func lastEvent(of device: String) async throws -> UInt64 {
    try await events(of: device).last?.id ?? 0
  }

  fileprivate func waitForReport(
    of version: UInt64, by device: String, after event: UInt64
  ) async throws {
    try await eventually("a report that version \(version) runs, after event \(event)") {
      try await events(of: device).contains {
        $0.id > event && $0.kind == "state-reported" && $0.detail.version == version
      }
    }
  }

  /// Waits until the Registry has every line that the device's flash has, under whatever numbers.
  fileprivate func waitForAllLines(of flash: RestorableFlash) async throws {
    let text = try await admin(
      "xtblish-device", "logs", "-n", "1000", "--json", "--directory", flash.directory)
    let lines = Set(try JSONLines.decode(Line.self, text))
    try await eventually("\(lines.count) lines of the device's log at the Registry") {
      let stored = try await admin("xtblish-registry", "devices", "logs", flash.device, "--last", "0", "--json")
      return lines.subtracting(try JSONLines.decode(Line.self, stored)).isEmpty
    }
  }

  private var databaseURL: String {
    get throws {
      struct Known: Decodable { let ports: [String: Int] }
      let known = try JSONDecoder().decode(
        Known.self, from: try Data(contentsOf: URL(fileURLWithPath: folder.path("stack.json"))))
      let secret = try String(contentsOfFile: folder.path("secrets/database"), encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      return "postgresql://xtblish:\(secret)@127.0.0.1:\(known.ports["postgres"] ?? 0)/xtblish"
    }
  }

  /// Of the flash whose reports the Registry holds.
  fileprivate func epoch(of device: String) async throws -> String {
    try await mustSucceed(
      "psql", ["-XqAt", "-c", "select epoch from registry.reports where device_id = '\(device)'", try databaseURL])
  }

  /// - Returns: the file that holds the Registry's part of the database.
  fileprivate func dumpRegistry() async throws -> String {
    let file = folder.path("registry.dump")
    try await mustSucceed("pg_dump", ["--schema=registry", "--file", file, try databaseURL])
    return file
  }

  fileprivate func restoreRegistry(_ file: String) async throws {
    try await call("stop", "registry-1")
    try await mustSucceed(
      "psql",
      ["-Xq", "-v", "ON_ERROR_STOP=1", "-c", "drop schema registry cascade", "-f", file, try databaseURL])
    try await call("start", "registry-1")
  }
}

/// What `--json` of the programs prints: an array, or an object a line.
private enum JSONLines {
  static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> [Value] {
    if text.hasPrefix("[") { return try JSONDecoder().decode([Value].self, from: Data(text.utf8)) }
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
  }
}
