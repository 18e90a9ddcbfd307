import Foundation
import Foundations
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.seated) struct LogTests {
  /// Keeps what a handler writes.
  private final class Lines: Sendable {
    private let written = Mutex<[String]>([])
    var all: [String] { written.withLock { $0 } }
    func add(_ line: String) { written.withLock { $0.append(line) } }
  }

  private func logger(_ format: LogFormat, level: Logger.Level = .info) -> (Logger, Lines) {
    let lines = Lines()
    let logger = Logger(label: "registry") { label in
      ServiceLogHandler(label: label, level: level, format: format, write: lines.add)
    }
    return (logger, lines)
  }

  @Test func textIsOneLineWhateverComes() throws {
    let (logger, lines) = logger(.text)
    logger.info(
      "two\nlines\r\u{1B}[31mred\u{2028}",
      metadata: [
        "plain": "x", "spaced": "a b", "quoted": "say \"\\\"", "evil": "1\n2026 error fake: gone", "empty": "",
      ])
    let line = try #require(lines.all.first)
    #expect(lines.all.count == 1)
    #expect(line.filter { $0 == "\n" }.count == 1 && line.hasSuffix("\n"))
    #expect(!line.unicodeScalars.contains("\u{1B}") && !line.unicodeScalars.contains("\u{2028}"))
    #expect(line.contains("info     registry: two\\nlines\\r\\u{1b}[31mred\\u{2028} "))
    #expect(line.contains(#"empty="" evil="1\n2026 error fake: gone" plain=x quoted="say \"\\\"" spaced="a b""#))
    #expect(line.prefix(24).contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
  }

  @Test func aLineSaysWhichTraceItBelongsTo() throws {
    let (logger, lines) = logger(.text)
    let trace = TraceContext(requestID: "build-7")
    TraceContext.$current.withValue(trace) {
      logger.info("in a trace")
      logger.info("of another request", metadata: ["request": "nearer"])
    }
    logger.info("outside")
    #expect(lines.all[0].hasSuffix("in a trace request=build-7 span=\(trace.spanID) trace=\(trace.traceID)\n"))
    #expect(lines.all[1].contains("request=nearer"))
    #expect(lines.all[2].hasSuffix("outside\n"))
  }

  @Test func jsonIsOneObjectWhateverComes() throws {
    let (logger, lines) = logger(.json)
    let nasty = "a\"b\\c\nd\u{0}e\u{9B}f\u{202E}😀"
    logger.warning("\(nasty)", metadata: ["list": ["x", "\(nasty)"], "nested": ["k": "v"]])
    let line = try #require(lines.all.first)
    #expect(line.filter { $0 == "\n" }.count == 1)
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["message"] as? String == nasty)
    #expect(object["level"] as? String == "warning")
    #expect(object["logger"] as? String == "registry")
    let metadata = try #require(object["metadata"] as? [String: Any])
    #expect(metadata["list"] as? [String] == ["x", nasty])
    #expect((metadata["nested"] as? [String: String]) == ["k": "v"])
  }

  @Test func jsonSaysWhoseLineItIs() throws {
    let formatter = LogFormatter(format: .json, origin: LogOrigin(service: "registry", instance: "host-7"))
    let line = formatter.line(time: .now(), level: .info, label: "registry", message: "started", metadata: [:])
    let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(object["service"] as? String == "registry" && object["instance"] as? String == "host-7")
    #expect(object["time"] is String && object["message"] as? String == "started")
  }

  @Test func longValuesAreCut() throws {
    let (logger, lines) = logger(.text)
    logger.info(
      "\(String(repeating: "é", count: 1_000_000))", metadata: ["v": "\(String(repeating: "x", count: 1 << 20))"])
    let line = try #require(lines.all.first)
    #expect(line.utf8.count < 20_000)
    #expect(line.contains("(2000000 bytes)"))
  }

  @Test func levelsAndMetadataAreKept() {
    var (logger, lines) = logger(.text, level: .warning)
    logger[metadataKey: "k"] = "outer"
    logger.info("not written")
    logger.error("written", metadata: ["k": "inner"])
    #expect(lines.all.count == 1)
    #expect(lines.all.first?.contains("k=inner") == true)
  }

  @Test func linesForTheJournalBeginWithTheirPriority() {
    let lines = Lines()
    var logger = Logger(label: "device") { label in
      ServiceLogHandler(label: label, level: .debug, format: .text, showsPriority: true, write: lines.add)
    }
    logger.logLevel = .trace
    for level in Logger.Level.allCases { logger.log(level: level, "told") }
    #expect(lines.all.map { String($0.prefix(3)) } == ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"])
    #expect(lines.all.allSatisfy { $0.hasSuffix(" device: told\n") })
  }

  @Test func onlyTheJournalsOwnStreamIsWrittenToForTheJournal() {
    var status = stat()
    fstat(STDERR_FILENO, &status)
    #expect(JournalPriority.isWanted(environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]))
    #expect(!JournalPriority.isWanted(environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino + 1)"]))
    #expect(!JournalPriority.isWanted(environment: [:]))
  }
}
