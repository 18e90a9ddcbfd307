import DeviceProtocol
import Foundation
import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import Foundations

/// What of the log is sent, under which name, and what is not sent again.
@Suite(.seated) struct DeviceLogSendingTests {
  private static let small = DeviceLog.Limits(segmentBytes: 300, segments: 3, linesInMemory: 4)

  private static func fill(_ log: DeviceLog, _ numbers: ClosedRange<Int>) async {
    for number in numbers { await DeviceLogTests.append("line \(number)", to: log) }
  }

  private static func next(_ log: DeviceLog, lines: Int = 500, bytes: Int = 64 << 10) async -> LogBatch? {
    await log.nextBatch(maximumBytes: bytes, maximumLines: lines)
  }

  @Test func theNextBatchFollowsWhatWasAcknowledged() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash())
    #expect(await Self.next(log) == nil)
    await Self.fill(log, 1...10)
    let first = try #require(await Self.next(log, lines: 4))
    #expect(first.lines.map(\.id) == [1, 2, 3, 4])
    #expect(first.lost == 0)
    // Until it is acknowledged the same lines are due.
    #expect(await Self.next(log, lines: 4) == first)
    await log.acknowledge(through: 3, of: first.log)
    #expect(await Self.next(log, lines: 4)?.lines.map(\.id) == [4, 5, 6, 7])
    await log.acknowledge(through: 10, of: first.log)
    #expect(await Self.next(log) == nil)
    await Self.fill(log, 11...11)
    #expect(await Self.next(log)?.lines.map(\.id) == [11])
  }

  @Test func acknowledgementsOfAnotherLogOrOfThePastChangeNothing() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash())
    await Self.fill(log, 1...5)
    let name = try #require(await Self.next(log)).log
    await log.acknowledge(through: 5, of: String(repeating: "0", count: 16))
    #expect(await Self.next(log)?.firstID == 1)
    await log.acknowledge(through: 4, of: name)
    await log.acknowledge(through: 2, of: name)
    #expect(await Self.next(log)?.firstID == 5)
    // More than there is: later lines are not acknowledged before they are there.
    await log.acknowledge(through: .max, of: name)
    await Self.fill(log, 6...6)
    #expect(await Self.next(log)?.firstID == 6)
  }

  @Test func aBatchKeepsToItsBytesAndTakesOneLineAtLeast() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash())
    for _ in 1...50 { await DeviceLogTests.append(String(repeating: "\"\\", count: 2000), to: log) }
    var bytes = 0
    while let batch = await Self.next(log) {
      let json = try batch.json()
      #expect(json.count <= 64 << 10)
      bytes += json.count
      await log.acknowledge(through: batch.lastID, of: batch.log)
    }
    #expect(bytes > 50 * 8000)
    await DeviceLogTests.append(String(repeating: "x", count: 4000), to: log)
    #expect(await Self.next(log, bytes: 100)?.lines.count == 1)
  }

  @Test func theJSONHasTheNamesThatTheServerReads() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash())
    await DeviceLogTests.append("say \"ü\"\t/", to: log)
    let batch = try #require(await Self.next(log))
    let line = #"{"at":5,"id":1,"level":"info","monotonic":6,"source":"app","text":"say \"ü\" /","version":3}"#
    #expect(
      String(decoding: try batch.json(), as: UTF8.self)
        == #"{"after":0,"lines":[\#(line)],"log":"\#(batch.log)","run":"\#(batch.run.run)"}"#)
    #expect(batch.run.run.count == 16)
    #expect(batch.log.count == 16)
    #expect(batch.log.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    var gap = batch
    gap.lost = 7
    #expect(String(decoding: try gap.json(), as: UTF8.self).contains(#""lost":7"#))
  }

  /// An old copy of the flash: its lines get the IDs of lines that the server has.
  @Test(arguments: [true, false]) func aLogWhoseIDsTheServerHasOtherLinesByBeginsAnew(isTold: Bool) async throws {
    let flash = InMemoryFlash()
    var log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...4)
    await log.acknowledge(through: 2, of: try #require(await Self.next(log)).log)
    await log.saveState()
    log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 5...7)
    let batch = try #require(await Self.next(log))
    #expect(batch.run.after == 4)
    // An answer to another run, and one to this run as it should be.
    let other = AcknowledgementMessage.LogPosition(log: batch.log, through: 7, reused: "00000000000000a1")
    #expect(await !log.beginAnew(if: other))
    #expect(await !log.beginAnew(if: .init(log: batch.log, through: 7)))

    let conflict = AcknowledgementMessage.LogPosition(
      log: batch.log, through: isTold ? 6 : 8, reused: isTold ? batch.run.run : nil)
    #expect(await log.beginAnew(if: conflict))
    let anew = try #require(await Self.next(log))
    #expect(anew.log != batch.log)
    // Those of before this run are what the server has.
    #expect(anew.lines.map(\.text) == ["line 5", "line 6", "line 7"])
    #expect(anew.lost == 0)
    // A late answer to the old name, and a second one at once, change nothing.
    #expect(await !log.beginAnew(if: conflict))
    #expect(await !log.beginAnew(if: .init(log: anew.log, through: .max)))
    let again = try await DeviceLogTests.open(flash)
    #expect(await Self.next(again)?.log == anew.log)
  }

  @Test func aRingThatOverflowsTellsHowManyLinesAreLost() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash(), Self.small)
    await Self.fill(log, 1...10)
    let name = try #require(await Self.next(log, lines: 5)).log
    await log.acknowledge(through: 5, of: name)
    await Self.fill(log, 11...300)
    let batch = try #require(await Self.next(log))
    #expect(batch.lost == batch.firstID - 6)
    #expect(batch.lost > 200)
    #expect(batch.lastID == 300)
    #expect(batch.lines.map(\.id) == Array(batch.firstID...300))
    await log.acknowledge(through: 300, of: name)
    await Self.fill(log, 301...301)
    #expect(await Self.next(log)?.lost == 0)
  }

  @Test func linesAfterAGapGoInABatchOfTheirOwn() async throws {
    let flash = InMemoryFlash()
    var log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...9)
    await log.acknowledge(through: 1, of: try #require(await Self.next(log)).log)
    await log.saveState()
    let name = try #require(try flash.list().first { $0.hasSuffix(".txt") })
    let size = try #require(try flash.size(of: name))
    try flash.write([UInt8](repeating: 0, count: 5).span.bytes, to: name, at: size / 9 * 4 + 2)
    log = try await DeviceLogTests.open(flash, .init(linesInMemory: 1))
    let first = try #require(await Self.next(log))
    #expect(first.lines.map(\.id) == [2, 3, 4])
    await log.acknowledge(through: 4, of: first.log)
    let second = try #require(await Self.next(log))
    #expect(second.lines.map(\.id) == [6, 7, 8, 9])
    #expect(second.lost == 1)
  }

  @Test func theLogKeepsItsNameAndPlaceOverARestart() async throws {
    let flash = InMemoryFlash()
    var log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...10)
    let name = try #require(await Self.next(log)).log
    await log.acknowledge(through: 7, of: name)
    await log.saveState()
    log = try await DeviceLogTests.open(flash)
    let batch = try #require(await Self.next(log))
    #expect(batch.log == name)
    #expect(batch.firstID == 8)
    // What was acknowledged last and not saved is sent again, and no more.
    await log.acknowledge(through: 9, of: name)
    log = try await DeviceLogTests.open(flash)
    #expect(await Self.next(log)?.firstID == 8)
  }

  @Test func aLogThatLostItsFlashIsAnotherLog() async throws {
    let flash = InMemoryFlash()
    var log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...10)
    let name = try #require(await Self.next(log)).log
    await log.saveState()
    // All of it, the lines, the state, or the state's sense.
    let other = try await DeviceLogTests.open(InMemoryFlash())
    await Self.fill(other, 1...1)
    #expect(await Self.next(other)?.log != name)
    let state = try #require(try flash.readAll("log-state.json", maximumBytes: 1000))
    for damage in [
      [], Array("{".utf8), Array(#"{"log":"x","acknowledged":0}"#.utf8),
      Array(#"{"log":"\#(name)","acknowledged":99}"#.utf8),
    ] {
      try flash.replace("log-state.json", with: damage)
      log = try await DeviceLogTests.open(flash)
      #expect(await Self.next(log)?.log != name)
      try flash.replace("log-state.json", with: state)
    }
    for file in try flash.list() where file.hasSuffix(".txt") { try flash.remove(file) }
    log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...1)
    let batch = try #require(await Self.next(log))
    #expect(batch.log != name)
    #expect(batch.firstID == 1)
  }

  @Test func linesThatTheFlashRefusesAreToldUnderAnotherName() async throws {
    let fault = FlashBreaker()
    let flash = fault.flash()
    var log = try await DeviceLogTests.open(flash)
    await Self.fill(log, 1...3)
    let name = try #require(await Self.next(log)).log
    await log.acknowledge(through: 2, of: name)
    fault.isBroken = true
    await Self.fill(log, 4...6)
    let batch = try #require(await Self.next(log))
    #expect(batch.lines.map(\.id) == [3, 4, 5, 6])
    #expect(batch.log != name)
    fault.isBroken = false
    // After a restart the IDs begin again after the last line on the flash, under the old name.
    log = try await DeviceLogTests.open(flash)
    #expect(await DeviceLogTests.append("new", to: log) == 4)
    #expect(await Self.next(log)?.log == name)
  }

  @Test func linesThatCannotBeMadeDurableAreToldUnderAnotherName() async throws {
    let fault = FlashBreaker()
    let log = try await DeviceLogTests.open(fault.flash())
    await Self.fill(log, 1...3)
    let name = await log.state.log
    fault.isBroken = true
    #expect(await Self.next(log)?.log != name)
  }

  @Test func lastLinesAreThoseOfTheVersion() async throws {
    let log = try await DeviceLogTests.open(InMemoryFlash())
    for number in 1...120 {
      await log.append(
        level: "info", source: "app", firmwareVersion: UInt64(number % 2), realtimeNanoseconds: 1,
        monotonicNanoseconds: 1, text: "\(number)")
    }
    let texts = await log.lastLines(50, ofVersion: 1).map(\.text)
    #expect(texts.count == 50)
    #expect(texts.last == "119")
    #expect(await log.lastLines(50, ofVersion: 9).isEmpty)
  }
}
