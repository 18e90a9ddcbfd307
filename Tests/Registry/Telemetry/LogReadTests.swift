import Foundations
import PostgreSQL
import ServiceLifecycle
import TestSupport
import Testing
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

@Suite(.seated) struct LogReadTests {
  private func filled() async throws -> (Fixture, DeviceID) {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var batch = WireDeviceLogBatch.sample(device, 1...10)
    batch.lines[3].level = "error"
    batch.lines[6].level = "warning"
    batch.lines[6].text = "100% full_of_it"
    _ = try await fixture.store.record([ReceivedLogBatch(batch)])
    return (fixture, device)
  }

  private func ids(_ page: LogPage) -> [UInt64] { page.lines.map(\.line.id) }

  @Test func theNewestPageByPage() async throws {
    let (fixture, device) = try await filled()
    let first = try await fixture.store.logLines(LogQuery(device: device, position: .newest(before: nil), limit: 4))
    #expect(ids(first) == [7, 8, 9, 10])
    #expect(first.hasMore)
    #expect(first.lastCursor == 10)
    let cursor = first.lines[0].cursor
    let rest = try await fixture.store.logLines(LogQuery(device: device, position: .newest(before: cursor), limit: 6))
    #expect(ids(rest) == [1, 2, 3, 4, 5, 6])
    #expect(!rest.hasMore)
    #expect(rest.lines[0].line.text == "line 1")
    #expect(rest.lines[0].line.monotonicNanoseconds == 1000)
  }

  @Test func readingOnMissesNothing() async throws {
    let (fixture, device) = try await filled()
    var seen: [UInt64] = []
    var cursor: UInt64 = 0
    while true {
      let page = try await fixture.store.logLines(LogQuery(device: device, position: .after(cursor), limit: 3))
      if page.lines.isEmpty { break }
      seen += ids(page)
      cursor = page.lastCursor
    }
    #expect(seen == Array(1...10))
    #expect(cursor == 10)
  }

  @Test func levelsAndTextsAreFiltered() async throws {
    let (fixture, device) = try await filled()
    let warnings = try LogQuery(device: device, position: .newest(before: nil), minimumLevel: "warning")
    #expect(try await ids(fixture.store.logLines(warnings)) == [4, 7])
    // What means something in patterns is text here.
    let text = try LogQuery(device: device, position: .newest(before: nil), text: "% full_")
    #expect(try await ids(fixture.store.logLines(text)) == [7])
    #expect(throws: RequestFailure.self) { try LogQuery(device: device, position: .after(0), minimumLevel: "loud") }
  }

  /// A filter that nothing matches must not make the next look start over.
  @Test func whatWasLookedThroughIsPassedBy() async throws {
    let (fixture, device) = try await filled()
    let page = try await fixture.store.logLines(LogQuery(device: device, position: .after(0), text: "nowhere"))
    #expect(page == LogPage(lines: [], lastCursor: 10, hasMore: false))
  }

  @Test func aPageFitsIntoAnAnswer() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(logBytesPerDevice: 64 << 20))
    let device = try await fixture.device()
    let text = String(repeating: "w", count: LogLine.maximumTextBytes)
    for start in [1 as UInt64, 501] {
      _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, start...(start + 499), text: text))])
    }
    let newest = try await fixture.store.logLines(
      LogQuery(device: device, position: .newest(before: nil), limit: LogQuery.maximumPageSize))
    #expect(newest.hasMore)
    #expect(newest.lines.last?.line.id == 1000)
    let oldest = try await fixture.store.logLines(
      LogQuery(device: device, position: .after(0), limit: LogQuery.maximumPageSize))
    #expect(oldest.lines.first?.line.id == 1)
    #expect(oldest.lastCursor == oldest.lines.last?.cursor)
    #expect(newest.lines.map(\.line.text.utf8.count).reduce(0, +) <= LogQuery.maximumPageBytes)
  }

  @Test func unknownDevicesAreToldFromSilentOnes() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let page = try await fixture.store.logLines(LogQuery(device: device, position: .newest(before: nil)))
    #expect(page == LogPage(lines: [], lastCursor: 0, hasMore: false))
    let stranger = try LogQuery(device: .random(), position: .newest(before: nil))
    let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.logLines(stranger) }
    #expect(failure?.reason == "unknown-device")
  }
}

@Suite(.seated) struct LogFollowTests {
  /// The line is stored by another replica: only the database can tell this one.
  @Test func aLineWakesWhoeverWaitsForIt() async throws {
    let fixture = try await Fixture.make()
    let (device, other) = (try await fixture.device("a"), try await fixture.device("b"))
    let replica = try fixture.replica()
    try await running([LogListener(store: fixture.store)]) {
      let query = try LogQuery(device: device, position: .after(0))
      async let page = fixture.store.followLog(query, wait: LogQuery.longestWait)
      try await eventually("the follower has asked to be told") {
        try await fixture.count(
          "select count(*) from registry.logs where device_id = $1 and followed_until > now()", [.uuid(device.bytes)])
          == 1
      }
      _ = try await replica.record([ReceivedLogBatch(.sample(other, 1...1))])
      let start = ContinuousClock.now
      _ = try await replica.record([ReceivedLogBatch(.sample(device, 1...2))])
      #expect(try await page.lines.map(\.line.id) == [1, 2])
      #expect(ContinuousClock.now - start < LogQuery.longestWait * 3 / 4)
    }
  }

  @Test func linesThatDoNotMatchWakeNobody() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await running([LogListener(store: fixture.store)]) {
      let query = try LogQuery(device: device, position: .after(0), minimumLevel: "error")
      async let page = fixture.store.followLog(query, wait: .seconds(20))
      try await eventually("the follower has asked to be told") {
        try await fixture.count("select count(*) from registry.logs where followed_until > now()") == 1
      }
      _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 1...3))])
      var batch = WireDeviceLogBatch.sample(device, 4...4)
      batch.lines[0].level = "error"
      _ = try await fixture.store.record([ReceivedLogBatch(batch)])
      #expect(try await page.lines.map(\.line.id) == [4])
    }
  }

  @Test func itEndsWithNothingAfterAWhile() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let page = try await fixture.store.followLog(
      LogQuery(device: device, position: .after(0)), wait: .milliseconds(100))
    #expect(page.lines.isEmpty)
  }

  /// Notifications make all commits follow each other, so they are for followed logs alone.
  @Test func logsThatNobodyFollowsAreNotAnnounced() async throws {
    let fixture = try await Fixture.make()
    let (device, followed) = (try await fixture.device("a"), try await fixture.device("b"))
    let listener = try fixture.pool.listen(to: [RegistrySchema.logChannel])
    var events = listener.makeAsyncIterator()
    #expect(await events.next() == .mayHaveMissed)
    _ = try await fixture.store.followLog(LogQuery(device: followed, position: .after(0)), wait: .zero)
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 1...1))])
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(followed, 1...1))])
    guard case .notification(let first) = await events.next() else {
      Issue.record("no notification")
      return
    }
    #expect(first.payload == followed.description)
  }

  @Test func followersAreBounded() async throws {
    let followers = LogFollowers()
    func nest(_ depth: Int) async throws {
      try await followers.following(.random()) { _ in if depth > 1 { try await nest(depth - 1) } }
    }
    try await nest(LogFollowers.limit)
    let failure = await #expect(throws: RequestFailure.self) { try await nest(LogFollowers.limit + 1) }
    #expect(failure?.code == .overloaded)
    // All places are free again.
    try await nest(LogFollowers.limit)
  }
}
