import Curl
import Foundation
import Foundations
import Logging
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@testable import TraceExport

@Suite(.seated) struct SpanExporterTests {
  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static func exporter(_ url: String, headersFile: String? = nil) throws -> SpanExporter {
    var pace = SpanExporter.Pace()
    pace.gatherTime = .milliseconds(10)
    pace.backoff = RetryBackoff(first: .milliseconds(10), longest: .milliseconds(20))
    return try #require(
      try SpanExporter(
        TraceSettings(url: url, headersFile: headersFile), service: "registry", instance: "registry-1", pace: pace,
        logger: quiet))
  }

  private static func span(_ name: String, in trace: TraceContext, failure: String? = nil) -> TraceSpan {
    TraceSpan(
      name, .server, in: trace, from: WallClock(nanoseconds: 1_000), to: WallClock(nanoseconds: 3_000),
      attributes: ["http.route": .text("/v1/größe"), "bytes": .number(7)], failure: failure)
  }

  /// Runs the exporter while `body` does, then ends it as a service is ended.
  private static func running(
    _ exporter: SpanExporter, _ body: @Sendable @escaping () async throws -> Void
  ) async throws {
    let group = ServiceGroup(services: [exporter], logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      try outcome.get()
    }
  }

  @Test func aForeignReceiverReadsWhatIsSent() async throws {
    let receiver = try await OtelTap()
    let exporter = try Self.exporter(receiver.url + "/")
    let trace = TraceContext(isSampled: true, requestID: "build-7")
    let child = trace.child()
    try await Self.running(exporter) {
      exporter.record(Self.span("one", in: trace))
      exporter.record(Self.span("two", in: child, failure: "no room"))
      try await eventually { receiver.spans.count == 2 }
    }
    let spans = receiver.spans
    let one = try #require(spans.first { $0.contains("\"one\"") })
    #expect(one.contains(trace.traceID) && one.contains("\"spanId\":\"\(trace.spanID)\"") && one.contains("/v1/größe"))
    #expect(one.contains("\"startTimeUnixNano\":\"1000\"") && one.contains("\"endTimeUnixNano\":\"3000\""))
    #expect(one.contains("build-7"))
    let two = try #require(spans.first { $0.contains("\"two\"") })
    #expect(two.contains("\"parentSpanId\":\"\(trace.spanID)\"") && two.contains("no room"))
    try await receiver.stop()
  }

  @Test func whatIsLeftIsSentAtTheEnd() async throws {
    let receiver = try await OtelTap()
    var pace = SpanExporter.Pace()
    pace.gatherTime = .seconds(3_600)
    let exporter = try #require(
      try SpanExporter(
        TraceSettings(url: receiver.url), service: "registry", instance: "registry-1", pace: pace, logger: Self.quiet))
    try await Self.running(exporter) { exporter.record(Self.span("last", in: TraceContext(isSampled: true))) }
    try await eventually { receiver.spans.count == 1 }
    try await receiver.stop()
  }

  @Test func aReceiverThatIsAwayHoldsNothingUp() async throws {
    let port = try FreePort()
    let exporter = try Self.exporter("http://127.0.0.1:\(port.number)")
    try await Self.running(exporter) {
      for number in 0..<(2 * SpanBuffer.capacity) {
        exporter.record(Self.span("\(number)", in: TraceContext(isSampled: true)))
      }
    }
  }

  @Test func theBufferKeepsTheOldestAndHasABound() {
    var buffer = SpanBuffer()
    let trace = TraceContext()
    for number in 0..<(SpanBuffer.capacity + 10) {
      #expect(buffer.add(Self.span("\(number)", in: trace)) == (number < SpanBuffer.capacity))
    }
    #expect(buffer.take(2).map(\.name) == ["0", "1"])
    #expect(buffer.spans.count == SpanBuffer.capacity - 2)
  }

  @Test func withoutAReceiverThereIsNoExporter() throws {
    #expect(try SpanExporter(.none, service: "registry", instance: "registry-1", logger: Self.quiet) == nil)
  }

  @Test func headersComeFromAFileThatItsOwnerAloneMayRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("headers")
    try Data("# comment\n\nAuthorization: Bearer a:b\r\nX-Tenant:x\n".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let headers = try ReceiverHeaders.read(path)
    #expect(headers.map(\.name) == ["Authorization", "X-Tenant"] && headers.map(\.value) == ["Bearer a:b", "x"])
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: SettingsError.self) { try ReceiverHeaders.read(path) }
    try Data("secret without a colon\n".utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let error = #expect(throws: SettingsError.self) { try ReceiverHeaders.read(path) }
    #expect(error.map { "\($0)".contains("secret") } == false)
  }
}
