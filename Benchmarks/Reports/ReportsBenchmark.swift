import DeviceProtocol
import FoundationEssentials
import Foundations
import Glibc
import Logging
import PostgreSQL
import RegistryDomain
import RegistryStorage
import Synchronization

/// Stores reports of devices as the Registry does, for as long as it is told, and prints how many a second.
///
/// usage: ReportsBenchmark DATABASE-URL prepare DEVICES
///        ReportsBenchmark DATABASE-URL changes|heartbeats BATCH IN-FLIGHT SECONDS
@main
struct ReportsBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let url = arguments.first else {
      print(
        """
        usage: ReportsBenchmark DATABASE-URL prepare DEVICES
               ReportsBenchmark DATABASE-URL changes|heartbeats BATCH IN-FLIGHT SECONDS
        """)
      exit(64)
    }
    let rest = Array(arguments.dropFirst())
    let logger = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    let pool = try PostgresPool(url: url, options: .standard, logger: logger)
    if rest[0] == "prepare" {
      try await prepare(pool, devices: Int(rest[1]) ?? 10_240)
    } else {
      let run = Run(
        store: RegistryStore(pool: pool, options: RegistryStore.Options(renotifyInterval: 3600)), kind: rest[0],
        batch: Int(rest[1]) ?? 256, inFlight: Int(rest[2]) ?? 1, seconds: Double(rest[3]) ?? 5)
      print(try await run.measure(devices: try await Self.devices(pool)))
    }
    await pool.close()
  }

  /// Devices with one version each, which was notified.
  private static func prepare(_ pool: PostgresPool, devices count: Int) async throws {
    try await RegistrySchema.migrator().migrate(pool)
    let store = RegistryStore(pool: pool)
    for start in stride(from: 0, to: count, by: 512) {
      let new = try (start..<min(count, start + 512)).map {
        try NewDevice(id: .random(), name: "device \($0)", tags: [], serial: "")
      }
      _ = try await store.createDevices(new, by: .anonymous)
    }
    try await pool.execute(
      """
      insert into registry.firmware (
        device_id, version, digest, length_bytes, app_name, app_version, security_epoch, host_api_level,
        publisher_key_id, publisher_signature, configuration, idempotency_key, notified_at)
      select id, 1, $1, 100000, 'sensor', '1', 0, 1, '', '', $2, 'k', clock_timestamp() from registry.devices
      """,
      [.bytea([UInt8](repeating: 7, count: 32)), .bytea([UInt8](repeating: 0, count: 512))])
    try await pool.execute(
      "update registry.devices set highest_version = 1, desired_version = 1, desired_digest = $1",
      [.bytea([UInt8](repeating: 7, count: 32))])
    try await pool.executeScript("vacuum analyze registry.devices")
    try await pool.executeScript("vacuum analyze registry.reports")
    try await pool.executeScript("vacuum analyze registry.firmware")
  }

  private static func devices(_ pool: PostgresPool) async throws -> [DeviceID] {
    try await pool.query("select id from registry.devices order by id").compactMap {
      DeviceID(bytes: try $0["id"].uuid)
    }
  }
}

/// What the batches under way have in common.
private final class Counts: Sendable {
  /// Above those of any run before.
  let sequence = Atomic<UInt64>(UInt64(Date().timeIntervalSince1970 * 1000) << 20)
  let next = Atomic<Int>(0)
  let stored = Atomic<Int>(0)
}

private struct Run {
  let store: RegistryStore
  let kind: String
  let batch: Int
  let inFlight: Int
  let seconds: Double

  /// - Returns: reports a second.
  func measure(devices: [DeviceID]) async throws -> String {
    let batches = stride(from: 0, to: devices.count, by: batch).map {
      Array(devices[$0..<min(devices.count, $0 + batch)])
    }
    let counts = Counts()
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<inFlight {
        group.addTask {
          while .now < end {
            let turn = counts.next.wrappingAdd(1, ordering: .relaxed).oldValue
            let position = ReportPosition(
              epoch: 7, sequence: counts.sequence.wrappingAdd(1, ordering: .relaxed).newValue)
            let state = state(turn: turn / batches.count)
            let verdicts = try await store.record(
              batches[turn % batches.count].map { ReceivedReport(device: $0, content: .state(state, at: position)) })
            counts.stored.wrappingAdd(verdicts.filter { $0 == .stored }.count, ordering: .relaxed)
          }
        }
      }
      try await group.waitForAll()
    }
    let elapsed = ContinuousClock.now - start
    let whole = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    return "\(Int(Double(counts.stored.load(ordering: .relaxed)) / whole))"
  }

  /// A change in each turn, or none.
  private func state(turn: Int) -> ReportedState {
    let digest = SHA256Digest(bytes: [UInt8](repeating: 7, count: 32))!
    let isTrial = kind == "changes" && turn.isMultiple(of: 2)
    return ReportedState(
      running: FirmwareReference(version: 1, digest: digest), slot: "A", status: isTrial ? .trial : .confirmed,
      reason: "", at: Date(timeIntervalSince1970: 0), failed: nil)
  }
}
