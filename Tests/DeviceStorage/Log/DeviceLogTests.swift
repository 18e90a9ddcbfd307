import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import Foundations

@Suite(.seated) struct DeviceLogTests {
  static func open(_ flash: any Flash, _ limits: DeviceLog.Limits = .init()) async throws -> DeviceLog {
    let log = DeviceLog(flash: flash, limits: limits)
    try await log.open()
    return log
  }

  @discardableResult
  static func append(_ text: String, to log: DeviceLog) async -> UInt64 {
    await log.append(
      level: "info", source: "app", firmwareVersion: 3, realtimeNanoseconds: 5, monotonicNanoseconds: 6, text: text)
  }

  @Test func linesAreReadInPages() async throws {
    let log = try await Self.open(InMemoryFlash())
    for number in 1...10 { await Self.append("line \(number)", to: log) }
    let page = await log.read(after: 3, count: 4)
    #expect(page.lines.map(\.id) == [4, 5, 6, 7])
    #expect(page.lines.first?.text == "line 4")
    #expect(page.lastID == 10)
    #expect(await log.read(after: 0, count: 3, newest: true).lines.map(\.id) == [8, 9, 10])
    #expect(await log.read(after: 10, count: 3).lines.isEmpty)
    #expect(await log.read(after: 0, count: 0).lines.map(\.id) == [1])
  }

  @Test func linesSurviveARestart() async throws {
    let flash = InMemoryFlash()
    var log = try await Self.open(flash)
    for number in 1...10 { await Self.append("line\t\(number)\n", to: log) }
    log = try await Self.open(flash)
    #expect(await log.read(after: 8, count: 9).lines.map(\.text) == ["line 9 ", "line 10 "])
    #expect(await Self.append("more", to: log) == 11)
  }

  @Test func aLineCutByAPowerFailureCostsOnlyItself() async throws {
    let flash = InMemoryFlash()
    var log = try await Self.open(flash)
    for number in 1...3 { await Self.append("line \(number)", to: log) }
    let name = try #require(try flash.list().first)
    try flash.resize(name, to: try flash.size(of: name)! - 3)
    log = try await Self.open(flash)
    let next = await Self.append("after", to: log)
    log = try await Self.open(flash)
    let texts = await log.read(after: 0, count: 9).lines.map(\.text)
    #expect(texts.first == "line 1")
    #expect(texts.last == "after")
    #expect(next >= 3)
  }

  /// The agent, and so the app, starts without what can't be read.
  @Test func aSegmentThatCannotBeReadMakesRoom() async throws {
    let flash = InMemoryFlash()
    var log = try await Self.open(flash)
    for number in 1...10 { await Self.append("line \(number)", to: log) }
    let broken = FaultyFlash(
      flash, fault: { operation, _ in operation == .read ? FlashError(.failed, "I/O error") : nil })
    log = try await Self.open(broken)
    await Self.append("more", to: log)
    #expect(await log.read(after: 0, count: 9, newest: true).lines.map(\.text) == ["more"])
    log = try await Self.open(flash)
    #expect(await log.read(after: 0, count: 9).lines.map(\.text) == ["more"])
  }

  @Test func theRingIsBoundedAndKeepsTheNewest() async throws {
    let flash = InMemoryFlash()
    let limits = DeviceLog.Limits(segmentBytes: 300, segments: 3, linesInMemory: 4)
    var log = try await Self.open(flash, limits)
    for number in 1...200 { await Self.append("line \(number)", to: log) }
    let files = try flash.list().filter { $0.hasSuffix(".txt") }
    #expect(files.count == 3)
    let total = try files.reduce(0) { $0 + (try flash.size(of: $1) ?? 0) }
    #expect(total < 3 * 400)
    // Older than what is in memory, so read from the flash.
    let oldest = await log.read(after: 0, count: 100).lines
    #expect(oldest.count > 8)
    #expect(oldest.last?.id == 200)
    #expect(oldest.map(\.id) == Array(oldest[0].id...200))
    log = try await Self.open(flash, limits)
    #expect(await log.read(after: 0, count: 100).lines == oldest)
    #expect(await log.read(after: 0, count: 6, newest: true).lines.map(\.id) == [195, 196, 197, 198, 199, 200])
  }

  @Test func aFullFlashKeepsTheNewestLines() async throws {
    let flash = InMemoryFlash(capacityBytes: 1500)
    var log = try await Self.open(flash, .init(segmentBytes: 400, segments: 8, linesInMemory: 4))
    for number in 1...100 { await Self.append("line \(number)", to: log) }
    log = try await Self.open(flash)
    let lines = await log.read(after: 0, count: 100).lines
    #expect(lines.last?.id == 100)
    #expect(lines.count > 10)
    #expect(lines.map(\.id) == Array(lines[0].id...100))
  }

  @Test func damagedBytesCostOnlyTheirLines() async throws {
    let flash = InMemoryFlash()
    var log = try await Self.open(flash)
    for number in 1...9 { await Self.append("line \(number)", to: log) }
    let name = try #require(try flash.list().first { $0.hasSuffix(".txt") })
    let size = try #require(try flash.size(of: name))
    // One digit of the ID of the line in the middle: it would be taken for another one.
    let middle = size / 9 * 4 + 9
    try flash.write([UInt8(ascii: "7")].span.bytes, to: name, at: middle)
    log = try await Self.open(flash, .init(linesInMemory: 1))
    #expect(await log.read(after: 0, count: 20).lines.map(\.id) == [1, 2, 3, 4, 6, 7, 8, 9])
  }

  @Test func aFullFlashCostsNoLineInMemory() async throws {
    let log = try await Self.open(InMemoryFlash(capacityBytes: 100))
    for number in 1...50 { await Self.append("line \(number)", to: log) }
    #expect(await log.read(after: 40, count: 100).lines.count == 10)
  }

  @Test func aReaderWaitsForTheNextLine() async throws {
    let log = try await Self.open(InMemoryFlash())
    await Self.append("first", to: log)
    for round in 0..<20 {
      let last = await log.read(after: 0, count: 1, newest: true).lastID
      async let waiting = log.read(after: last, count: 10, wait: .seconds(20))
      if round.isMultiple(of: 2) { await Task.yield() }
      await Self.append("next", to: log)
      #expect(await waiting.lines.map(\.id) == [last + 1])
    }
    let clock = ContinuousClock()
    let elapsed = await clock.measure { _ = await log.read(after: 21, count: 1, wait: .milliseconds(50)) }
    #expect(elapsed >= .milliseconds(50))
  }

  @Test func aLineIsOneLine() async throws {
    let log = try await Self.open(InMemoryFlash())
    await Self.append("a\nb\u{1B}[31m\u{7F}" + String(repeating: "ü", count: 5000), to: log)
    let text = await log.read(after: 0, count: 1).lines[0].text
    #expect(text.hasPrefix("a b [31m ü"))
    #expect(text.utf8.count <= 4096)
  }
}
