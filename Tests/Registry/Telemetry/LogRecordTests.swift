import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

@Suite(.seated) struct LogRecordTests {
  private func record(_ fixture: Fixture, _ batches: WireDeviceLogBatch...) async throws -> [LogVerdict] {
    try await fixture.store.record(try batches.map { try ReceivedLogBatch($0) })
  }

  /// The texts of a device's stored lines, in their order.
  private func texts(_ fixture: Fixture, _ device: DeviceID) async throws -> [String] {
    try await fixture.pool.query(
      """
      select l.line from registry.log_lines l join registry.logs h on h.number = l.log_number
      where h.device_id = $1 order by l.cursor
      """, [.uuid(device.bytes)]
    ).map { try $0["line"].text }
  }

  @Test func repeatsAreStoredOnce() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    #expect(try await record(fixture, .sample(device, 1...3)) == [LogVerdict(storedThrough: 3)])
    #expect(try await record(fixture, .sample(device, 1...3)) == [LogVerdict(storedThrough: 3)])
    // A repeat that has grown, and one that came late.
    #expect(try await record(fixture, .sample(device, 2...5)) == [LogVerdict(storedThrough: 5)])
    #expect(try await record(fixture, .sample(device, 1...2)) == [LogVerdict(storedThrough: 5)])
    #expect(try await texts(fixture, device) == (1...5).map { "line \($0)" })
    let sizes = try await fixture.pool.queryFirst(
      """
      select size_bytes, (select sum(128 + octet_length(line))::int8 from registry.log_lines) as counted
      from registry.logs
      """)
    #expect(try sizes?["size_bytes"].int == sizes?["counted"].int)
  }

  @Test func repeatsStayAwayAfterTheirLinesWereTrimmed() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...3))
    _ = try await fixture.store.removeLogLines(olderThan: .zero)
    #expect(try await record(fixture, .sample(device, 1...3)) == [LogVerdict(storedThrough: 3)])
    #expect(try await texts(fixture, device) == [])
  }

  @Test func aNewLogCountsFromItsStart() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...2, log: "a"), .sample(device, 1...1, log: "b"))
    #expect(try await texts(fixture, device) == ["line 1", "line 2", "line 1"])
  }

  @Test func aDeviceWithEverNewLogsMakesFewRows() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for log in 1...20 { _ = try await record(fixture, .sample(device, 1...1, log: "log-\(log)")) }
    #expect(try await fixture.count("select count(*) from registry.log_marks") == RegistryStore.marksPerDevice)
    // The newest are those that are remembered.
    #expect(try await record(fixture, .sample(device, 1...1, log: "log-20")) == [LogVerdict(storedThrough: 1)])
    #expect(try await texts(fixture, device).count == 20)
  }

  @Test func lostLinesLeaveALineThatSaysSo() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...2))
    for _ in 0..<2 { _ = try await record(fixture, .sample(device, 8...8, lost: 5)) }
    let lines = try await texts(fixture, device)
    #expect(lines.count == 4)
    #expect(lines[2].hasPrefix("5 lines were dropped on the device"))
    #expect(lines[3] == "line 8")
  }

  /// The device can't know that what it dropped had arrived here when only the acknowledgement was lost.
  @Test func linesThatArrivedAreNotCalledLost() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...5))
    _ = try await record(fixture, .sample(device, 6...6, lost: 5))
    _ = try await record(fixture, .sample(device, 9...9, lost: 4))
    let lines = try await texts(fixture, device)
    #expect(lines.count == 8)
    #expect(lines[6].hasPrefix("2 lines were dropped"))
  }

  @Test func unknownDevicesSpoilNothing() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let verdicts = try await record(fixture, .sample(.random(), 1...4), .sample(device, 1...2))
    #expect(verdicts == [LogVerdict(storedThrough: 4, refusal: .unknownDevice), LogVerdict(storedThrough: 2)])
    #expect(try await fixture.store.record([ReceivedLogBatch]()) == [])
  }

  @Test func linesThatMakeNoSenseAreLeftOut() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var batch = WireDeviceLogBatch.sample(device, 1...5)
    batch.lines[1].level = "shouting"
    batch.lines[3].id = 2
    batch.lines[4].id = .max
    #expect(try await record(fixture, batch) == [LogVerdict(storedThrough: .max, refusal: .invalid)])
    #expect(try await texts(fixture, device) == ["line 1", "line 3"])
    // What comes next is not taken for a repeat.
    #expect(try await record(fixture, .sample(device, 4...4)) == [LogVerdict(storedThrough: 4)])
  }

  @Test func hostileTextsAreMadeHarmless() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var batch = WireDeviceLogBatch.sample(device, 1...3)
    batch.lines[0].text = "a\u{0}b\u{1B}[2Jc\nd\u{2028}e"
    batch.lines[1].text = String(repeating: "ü", count: 100_000)
    batch.lines[2].source = String(repeating: "s", count: 10_000)
    _ = try await record(fixture, batch)
    let lines = try await texts(fixture, device)
    #expect(lines[0] == "a\u{FFFD}b\u{FFFD}[2Jc\u{FFFD}d\u{FFFD}e")
    #expect(lines[1].utf8.count <= LogLine.maximumTextBytes)
    #expect(lines[1].hasSuffix("ü…"))
  }

  @Test func aBatchWhoseFormIsWrongIsRefused() throws {
    let device = DeviceID.random()
    for log in ["", "with space", "ü", String(repeating: "a", count: 65)] {
      #expect(throws: RequestFailure.self) { try ReceivedLogBatch(.sample(device, 1...1, log: log)) }
    }
    #expect(throws: RequestFailure.self) { try ReceivedLogBatch(.sample(device, 1...1001)) }
  }

  /// Replicas that store lines of the same devices at once neither deadlock nor mix up their order.
  @Test func manyReplicasAtOnce() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<10 { devices.append(try await fixture.device("d\(number)")) }
    let (replica, all) = (try fixture.replica(), devices)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for round in 0..<12 {
        let store = round.isMultiple(of: 2) ? replica : fixture.store
        group.addTask {
          let batches = try all.shuffled().map { try ReceivedLogBatch(.sample($0, 1...20, log: "log-\(round % 6)")) }
          _ = try await store.record(batches)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.count("select count(*) from registry.log_lines") == 10 * 6 * 20)
    // In each log IDs grow with the cursor: nothing was interleaved out of order.
    #expect(
      try await fixture.count("select count(distinct (log_number, cursor)) from registry.log_lines") == 10 * 6 * 20)
    #expect(try await fixture.count("select count(*) from registry.logs where last_cursor = 120") == 10)
  }

  /// The flash is an old copy: its second life numbers its lines as the first one did.
  @Test func idsThatAnotherRunUsedAreNotSwallowed() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    #expect(
      try await record(fixture, .sample(device, 1...5).of(run: 1, after: 0)) == [LogVerdict(storedThrough: 5)])
    #expect(
      try await record(fixture, .sample(device, 6...9).of(run: 2, after: 5)) == [LogVerdict(storedThrough: 9)])
    let reused = LogVerdict(storedThrough: 9, refusal: .idsUsedAgain)
    // Also where its numbers are above those by the time it is heard.
    for ids: ClosedRange<UInt64> in [6...7, 6...20, 12...14] {
      #expect(try await record(fixture, .sample(device, ids, text: "new").of(run: 3, after: 5)) == [reused])
    }
    #expect(try await texts(fixture, device) == (1...9).map { "line \($0)" })
    // Under another name they are taken, and what the first life said late still is a repeat.
    #expect(
      try await record(fixture, .sample(device, 6...7, log: "b", text: "new").of(run: 3, after: 5))
        == [LogVerdict(storedThrough: 7)])
    #expect(
      try await record(fixture, .sample(device, 6...9).of(run: 2, after: 5)) == [LogVerdict(storedThrough: 9)])
    #expect(try await texts(fixture, device) == (1...9).map { "line \($0)" } + ["new", "new"])
  }

  /// A device that forgets at each boot makes a new log each time, and the one that it begins with stays known.
  @Test func theLogOfADeviceThatForgetsStaysKnown() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...5).of(run: 1, after: 0))
    for run: UInt64 in 2...30 {
      let verdict = try await record(fixture, .sample(device, 3...4).of(run: run, after: 2))
      #expect(verdict == [LogVerdict(storedThrough: 5, refusal: .idsUsedAgain)])
      _ = try await record(fixture, .sample(device, 3...4, log: "log-\(run)").of(run: run, after: 2))
    }
    #expect(try await texts(fixture, device).count == 5 + 29 * 2)
  }

  @Test func whatARestoredDatabaseLacksIsSaid() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await record(fixture, .sample(device, 1...2))
    _ = try await record(fixture, .sample(device, 8...8, lost: 2))
    #expect(
      try await texts(fixture, device) == [
        "line 1", "line 2",
        "3 lines were stored once and are not here any more: the registry's database was restored from a backup; "
          + "2 lines were dropped on the device before they could be sent: its log was full",
        "line 8",
      ])
  }
}

extension WireDeviceLogBatch {
  fileprivate func of(run: UInt64, after: UInt64) -> WireDeviceLogBatch {
    var batch = self
    batch.run = run
    batch.runAfter = after
    return batch
  }
}
