import DeviceProtocol
import TestSupport
import Testing

@testable import AppHost
@testable import AppLink
@testable import AppSupervision
@testable import Foundations

/// The parts of the app's process that hold no clock and no thread.
@Suite(.seated) struct HostPartsTests {
  @Test func timersKeepToTheirPeriod() throws {
    var timers = TimerTable(capacity: 2)
    let handle = try timers.start(first: 1_000_000, period: 1_000_000, now: 0)
    #expect(timers.nextDue == 1_000_000)
    #expect(timers.takeDue(now: 999_999) == nil)
    #expect(timers.takeDue(now: 1_000_500) == .init(handle: handle, due: 1_000_000, missed: 0))
    #expect(timers.nextDue == 2_000_000)
    // Three periods late: one tick, and the next is where it belongs.
    #expect(timers.takeDue(now: 5_000_001) == .init(handle: handle, due: 2_000_000, missed: 3))
    #expect(timers.nextDue == 6_000_000)
    try timers.stop(handle)
    #expect(timers.nextDue == nil)
    #expect(throws: HostErrno.badHandle) { try timers.stop(handle) }
  }

  @Test func theLongestDueTimerComesFirst() throws {
    var timers = TimerTable(capacity: 3)
    let late = try timers.start(first: 20, period: 0, now: 0)
    let early = try timers.start(first: 10, period: 0, now: 0)
    #expect(timers.takeDue(now: 100)?.handle == early)
    #expect(timers.takeDue(now: 100)?.handle == late)
    #expect(timers.takeDue(now: 100) == nil)
  }

  @Test func linesPassAtTheirRate() {
    var limiter = LogLimiter(perSecond: 10, burst: 2, now: 0)
    #expect(limiter.next(now: 0) == .pass(droppedBefore: 0))
    #expect(limiter.next(now: 0) == .pass(droppedBefore: 0))
    #expect(limiter.next(now: 0) == .drop(isNews: true))
    #expect(limiter.next(now: 1) == .drop(isNews: false))
    #expect(limiter.next(now: 100_000_001) == .pass(droppedBefore: 0))
    #expect(limiter.next(now: 100_000_002) == .drop(isNews: false))
    #expect(limiter.dropped == 3)
    // A note at most every ten seconds; tokens never exceed the burst.
    #expect(limiter.next(now: 20_000_000_000) == .pass(droppedBefore: 3))
    #expect(limiter.next(now: 20_000_000_000) == .pass(droppedBefore: 0))
    #expect(limiter.next(now: 20_000_000_000) == .drop(isNews: false))
  }

  @Test func outputIsCutIntoLines() {
    var splitter = LineSplitter(limit: 4)
    var lines: [String] = []
    let take: ([UInt8]) -> Void = { lines.append(String(decoding: $0, as: UTF8.self)) }
    splitter.append(Array("ab".utf8), take)
    #expect(lines.isEmpty)
    splitter.append(Array("c\n\nabcdefgh\nabcd\nrest".utf8), take)
    splitter.finish(take)
    splitter.finish(take)
    #expect(lines == ["abc", "", "abcd", "efgh", "abcd", "rest"])
  }

  @Test(arguments: [
    ("ab€c", ["ab", "€c"]), ("abc€", ["abc", "€"]), ("abcd€", ["abcd", "€"]), ("a😀b", ["a", "😀", "b"]),
    ("ééé", ["éé", "é"]),
    // No UTF-8: cut anywhere, and never without end.
    ("\u{80}", ["\u{80}"]),
  ]) func linesAreNotCutInsideACharacter(_ text: String, _ expected: [String]) {
    var splitter = LineSplitter(limit: 4)
    var lines: [String] = []
    splitter.append(Array(text.utf8)) { lines.append(String(decoding: $0, as: UTF8.self)) }
    splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
    #expect(lines == expected)
  }

  @Test func bytesThatAreNoTextAreCutAllTheSame() {
    var splitter = LineSplitter(limit: 4)
    var lengths: [Int] = []
    for bytes in [[UInt8](repeating: 0x80, count: 9), [0xF0, 0x80, 0x80, 0x80, 0x80, 0x80]] {
      splitter.append(bytes) { lengths.append($0.count) }
      splitter.finish { lengths.append($0.count) }
    }
    #expect(lengths.reduce(0, +) == 15 && lengths.allSatisfy { (1...4).contains($0) })
  }

  @Test func textIsCutBetweenCharacters() {
    #expect(LogText.printable(Array("äöü".utf8), limit: 6) == "äöü")
    #expect(LogText.printable(Array("äöü".utf8), limit: 5) == "äö…")
    #expect(LogText.printable([0x61, 0xC3], limit: 10) == "a\u{FFFD}")
    #expect(LogText.printable(Array("a\u{2028}b\u{7f}\r".utf8), limit: 10) == "a b ")
  }

  @Test func watchdogInterruptsOnceAndThenGivesUp() {
    var watchdog = CallWatchdog()
    let sample = { CallWatchdog.Sample(processorNanoseconds: 0, activity: 0) }
    #expect(watchdog.nextLook == nil)
    watchdog.begin("f", deadline: 100)
    #expect(watchdog.nextLook == 100)
    #expect(watchdog.look(now: 99, sample: sample) == .none)
    #expect(watchdog.look(now: 100, sample: sample) == .interrupt)
    #expect(watchdog.look(now: 101, sample: sample) == .none)
    let last = 100 + CallWatchdog.graceNanoseconds
    #expect(watchdog.nextLook == last)
    #expect(watchdog.look(now: last, sample: sample) == .giveUp(call: "f"))
    watchdog.end()
    #expect(watchdog.nextLook == nil)
    #expect(watchdog.look(now: last * 2, sample: sample) == .none)
  }

  @Test func watchdogTellsComputingFromWaiting() throws {
    var watchdog = CallWatchdog()
    let second: UInt64 = 1_000_000_000
    func sample(_ processor: UInt64, _ activity: UInt64) -> () -> CallWatchdog.Sample {
      { CallWatchdog.Sample(processorNanoseconds: processor, activity: activity) }
    }
    watchdog.beginProgram("_start", busyLimit: second, sample: sample(0, 0)(), now: 0)
    // Long waits and much work with waits in between are fine.
    #expect(try watchdog.look(now: #require(watchdog.nextLook), sample: sample(10, 1)) == .none)
    #expect(try watchdog.look(now: #require(watchdog.nextLook), sample: sample(9 * second, 2)) == .none)
    // So is a pause in which the thread got no processor at all.
    #expect(try watchdog.look(now: #require(watchdog.nextLook), sample: sample(9 * second, 2)) == .none)
    #expect(try watchdog.look(now: #require(watchdog.nextLook), sample: sample(10 * second - 1, 2)) == .none)
    #expect(try watchdog.look(now: #require(watchdog.nextLook), sample: sample(10 * second, 2)) == .interrupt)
    #expect(
      try watchdog.look(now: #require(watchdog.nextLook), sample: sample(11 * second, 2)) == .giveUp(call: "_start"))
  }

  @Test func publicationsAreCounted() {
    let ledger = PublicationLedger(capacity: 2)
    #expect(ledger.add() == 1)
    #expect(ledger.add() == 2)
    #expect(ledger.add() == nil)
    #expect(ledger.settle(1))
    #expect(!ledger.settle(1))
    #expect(ledger.add() == 3)
  }

  @Test func anUnreadBufferStaysBoundedAndKeepsTheEnd() async {
    let buffer = AppEventBuffer()
    let line = AppEvent.log(
      AppLogLine(level: .info, source: .app, realtimeNanoseconds: 0, monotonicNanoseconds: 0, text: ""))
    for _ in 0..<AppEventBuffer.capacity { #expect(buffer.put(line)) }
    #expect(!buffer.put(line))
    #expect(!buffer.put(.publish(id: 1, topic: "t", payload: [], qos: 0)))
    #expect(buffer.put(.ended(.stopped)))
    buffer.finish()
    #expect(!buffer.put(line))
    var events: [AppEvent] = []
    for await event in buffer.stream { events.append(event) }
    #expect(events.count == AppEventBuffer.capacity + 2)
    #expect(events.last == .ended(.stopped))
    #expect(events.contains { $0.logText?.hasPrefix("1 log lines were dropped") == true })
  }
}
