import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

@Suite(.seated) struct LogRetentionTests {
  private func sizes(_ fixture: Fixture, _ device: DeviceID) async throws -> (kept: Int, counted: Int) {
    let row = try await fixture.pool.queryFirst(
      """
      select size_bytes, (
        select coalesce(sum(128 + octet_length(line)), 0)::int8 from registry.log_lines where log_number = number
      ) as counted from registry.logs where device_id = $1
      """, [.uuid(device.bytes)])
    return (try row?["size_bytes"].int ?? -1, try row?["counted"].int ?? -2)
  }

  @Test func theOldestLinesGiveWayToNewOnes() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(logBytesPerDevice: 64 << 10))
    let (loud, quiet) = (try await fixture.device("loud"), try await fixture.device("quiet"))
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(quiet, 1...2))])
    let text = String(repeating: "x", count: 372)
    for start in stride(from: 1 as UInt64, to: 2000, by: 100) {
      _ = try await fixture.store.record([ReceivedLogBatch(.sample(loud, start...(start + 99), text: text))])
      let (kept, counted) = try await sizes(fixture, loud)
      #expect(kept == counted)
      #expect(kept <= 64 << 10)
    }
    let rows = try await fixture.pool.queryFirst(
      """
      select min(line_id) as first, max(line_id) as last, count(*) as count
      from registry.log_lines l join registry.logs h on h.number = l.log_number where h.device_id = $1
      """, [.uuid(loud.bytes)])
    let (first, last) = (try rows?["first"].int ?? 0, try rows?["last"].int ?? 0)
    #expect(last == 2000)
    #expect(try rows?["count"].int == last - first + 1)
    #expect(first < 2000 - 110)
    #expect(try await sizes(fixture, quiet).kept == 2 * (128 + 6))
  }

  @Test func linesGrowOldInSmallBatches() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<5 {
      devices.append(try await fixture.device("d\(number)"))
      _ = try await fixture.store.record([ReceivedLogBatch(.sample(devices[number], 1...30))])
    }
    try await fixture.pool.execute(
      "update registry.log_lines set received_at = received_at - interval '2 days' where line_id <= 20")
    try await fixture.pool.execute("update registry.logs set oldest_at = oldest_at - interval '2 days'")
    // Some of some devices at a time.
    #expect(try await fixture.store.removeLogLines(olderThan: .seconds(86_400), logs: 2, limit: 15) == 30)
    var total = 30
    while let removed = try await fixture.store.removeLogLines(olderThan: .seconds(86_400), logs: 2, limit: 15) {
      #expect(removed > 0)
      total += removed
    }
    #expect(total == 100)
    #expect(try await fixture.count("select min(line_id) as count from registry.log_lines") == 21)
    for device in devices {
      let (kept, counted) = try await sizes(fixture, device)
      #expect(kept == counted)
    }
  }

  @Test func aDeletedDevicesLinesGoLater() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 1...30))])
    try await fixture.store.deleteDevice(device)
    // Made again under the same ID, it starts with an empty log.
    try await fixture.device(id: device)
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 1...1))])
    #expect(try await fixture.store.removeLinesOfDeletedDevice(limit: 20) == 20)
    #expect(try await fixture.store.removeLinesOfDeletedDevice(limit: 20) == 10)
    #expect(try await fixture.store.removeLinesOfDeletedDevice(limit: 20) == nil)
    #expect(try await fixture.count("select count(*) from registry.logs") == 1)
    #expect(try await fixture.count("select count(*) from registry.log_lines") == 1)
  }
}
