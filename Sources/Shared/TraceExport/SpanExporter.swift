import Curl
package import Foundations
package import Logging
import Metrics
package import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Synchronization

/// Sends a service's spans to a receiver of OpenTelemetry's protocol, over HTTP in protobuf.
///
/// It never holds anything up: spans wait in a bounded buffer and are dropped, and counted, where there is no room or the
/// receiver does not take them after a few tries. At graceful shutdown, when all that makes spans has ended, it sends once
/// what is left. `sampleRatio` and `record` are those of a `SpanRecorder`.
package final class SpanExporter: Service, SpanRecorder {
  private struct State {
    var buffer = SpanBuffer()
    /// Whether the receiver failed last, and somebody was told so.
    var isOutageLogged = false
  }

  /// How spans are sent.
  struct Pace: Sendable {
    /// How long the first span waits for others.
    var gatherTime: Duration = .seconds(1)
    /// Spans in one request.
    var batch = 512
    /// How often one batch is tried.
    var attempts: UInt64 = 4
    var backoff = RetryBackoff(first: .milliseconds(500), longest: .seconds(10))
    /// How long one request may take; at the end, with nobody to wait for, `lastTimeout`.
    var timeout: Duration = .seconds(10)
    var lastTimeout: Duration = .seconds(2)
  }

  package let sampleRatio: Double
  private let url: String
  private let headers: [HTTPClient.Header]
  private let service: String
  private let instance: String
  private let client: HTTPClient
  private let pace: Pace
  private let logger: Logger
  private let state = Mutex(State())
  private let signal = TaskSignal()
  private let exported = Counter(label: "xtblish_trace_spans_exported_total")
  private let dropped = Dictionary(
    uniqueKeysWithValues: Reason.allCases.map { reason in
      (reason, Counter(label: "xtblish_trace_spans_dropped_total", dimensions: [("reason", reason.rawValue)]))
    })
  private let waiting = Gauge(label: "xtblish_trace_spans_waiting")

  /// - Parameters:
  ///   - service: the program's name.
  ///   - instance: which of several such programs it is.
  /// - Throws: `SettingsError` for a file with headers that can't be used.
  package convenience init?(
    _ settings: TraceSettings, service: String, instance: String, logger: Logger
  ) throws {
    try self.init(settings, service: service, instance: instance, pace: Pace(), logger: logger)
  }

  init?(_ settings: TraceSettings, service: String, instance: String, pace: Pace, logger: Logger) throws {
    guard let url = settings.url else { return nil }
    self.url = String(url.reversed().drop { $0 == "/" }.reversed()) + "/v1/traces"
    headers =
      [HTTPClient.Header("Content-Type", "application/x-protobuf")]
      + (try settings.headersFile.map(ReceiverHeaders.read) ?? [])
    sampleRatio = settings.sampleRatio
    self.service = service
    self.instance = instance
    self.pace = pace
    self.logger = logger
    client = HTTPClient(
      HTTPClient.Configuration(
        maximumConnections: 1, maximumTransfers: 4, tls: settings.caFile.map { HTTPTLS(caFile: $0) } ?? .system))
  }

  /// Takes a span, or counts it as dropped where there is no room.
  package func record(_ span: TraceSpan) {
    let (isTaken, count) = state.withLock { ($0.buffer.add(span), $0.buffer.spans.count) }
    if !isTaken { drop(1, .queueFull) }
    // One wake-up for each silence.
    if isTaken, count == 1 { signal.wake() }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.signal.wait(upTo: nil)
        // A request makes several spans, and many make more.
        do { try await Task.sleep(for: self.pace.gatherTime) } catch { break }
        await self.sendAll(attempts: self.pace.attempts, timeout: self.pace.timeout)
      }
    }
    await sendAll(attempts: 1, timeout: pace.lastTimeout)
    client.close()
  }

  /// Returns when there is nothing left, or when the task is cancelled: what is left then is sent at the end.
  private func sendAll(attempts: UInt64, timeout: Duration) async {
    while !Task.isCancelled {
      let (batch, left) = state.withLock { ($0.buffer.take(pace.batch), $0.buffer.spans.count) }
      waiting.record(left)
      guard !batch.isEmpty else { return }
      let isAnswered = await send(batch, attempts: attempts, timeout: timeout)
      guard isAnswered || attempts > 1 else {
        // At the end nobody waits for a receiver that does not answer, once for each batch.
        return drop(state.withLock { $0.buffer.take(.max).count }, .unreachable)
      }
    }
  }

  private enum Outcome {
    case taken(rejected: Int)
    /// Trying again may help.
    case notNow(String, retryAfter: Duration)
    case refused(String)
  }

  /// - Returns: whether the receiver had an answer, be it a refusal.
  private func send(_ batch: [TraceSpan], attempts: UInt64, timeout: Duration) async -> Bool {
    guard
      let body: [UInt8] = try? OTLPExportRequest(batch, service: service, instance: instance).serializedBytes()
    else {
      drop(batch.count, .refused)
      return true
    }
    var request = HTTPClient.Request("POST", url, headers: headers, body: .bytes(body))
    request.timeouts.total = timeout
    for attempt in 1...max(1, attempts) {
      switch await send(request) {
      case .taken(let said):
        // A counter does not go back, whatever a receiver says.
        let rejected = min(said, batch.count)
        exported.increment(by: batch.count - rejected)
        if rejected > 0 { drop(rejected, .rejected) }
        noteRecovery()
        return true
      case .refused(let reason):
        drop(batch.count, .refused)
        noteFailure(reason, batch.count)
        return true
      case .notNow(let reason, let retryAfter):
        // The end does not wait; what is tried then is tried once.
        if attempt == attempts || Task.isCancelled {
          drop(batch.count, .unreachable)
          noteFailure(reason, batch.count)
          return false
        }
        let pause = max(retryAfter, pace.backoff.delay(attempts: attempt, fraction: .random(in: 0...1)))
        try? await Task.sleep(for: pause)
      }
    }
    return false
  }

  private func send(_ request: HTTPClient.Request) async -> Outcome {
    do throws(CurlError) {
      let response = try await client.request(request)
      guard response.isSuccess else {
        let reason = "\(url) answered \(response.status)"
        // Those that OTLP names as worth another try.
        guard [429, 502, 503, 504].contains(response.status) else { return .refused(reason) }
        let seconds = response["Retry-After"].flatMap { UInt32($0) } ?? 0
        return .notNow(reason, retryAfter: .seconds(min(seconds, 30)))
      }
      let answer = try? OTLPExportResponse(serializedBytes: response.body)
      return .taken(rejected: Int(clamping: max(0, answer?.partialSuccess.rejectedSpans ?? 0)))
    } catch {
      return error.isTransient ? .notNow(error.message, retryAfter: .zero) : .refused(error.message)
    }
  }

  /// Why spans are dropped.
  private enum Reason: String, CaseIterable {
    /// They came faster than they could be sent.
    case queueFull = "queue-full"
    /// Nobody took them after all tries.
    case unreachable
    /// The receiver took none of the request.
    case refused
    /// The receiver took the request, and not these.
    case rejected
  }

  private func drop(_ count: Int, _ reason: Reason) {
    dropped[reason]?.increment(by: count)
  }

  private func noteFailure(_ reason: String, _ count: Int) {
    let isNews = state.withLock { state in
      defer { state.isOutageLogged = true }
      return !state.isOutageLogged
    }
    guard isNews else { return }
    logger.warning(
      "the receiver does not take spans; they are dropped", metadata: ["count": "\(count)", "error": "\(reason)"])
  }

  private func noteRecovery() {
    let wasOutage = state.withLock { state in
      defer { state.isOutageLogged = false }
      return state.isOutageLogged
    }
    if wasOutage { logger.info("the receiver takes spans again", metadata: ["url": "\(url)"]) }
  }
}
