import AppLink
import Foundations
import Synchronization

/// Takes the lines of an app on their way to the agent: bounds their length and rate, and stamps them with the time.
final class AppLog: Sendable {
  private let limits: AppLimits
  private let outbox: AppOutbox
  private let limiter: Mutex<LogLimiter>

  init(limits: AppLimits, outbox: AppOutbox) {
    self.limits = limits
    self.outbox = outbox
    limiter = Mutex(
      LogLimiter(
        perSecond: limits.logLinesPerSecond, burst: limits.logBurstLines, now: KernelClock.monotonicNanoseconds()))
  }

  /// Sends a line to the agent; false if it was dropped.
  @discardableResult
  func write(_ level: AppLogLine.Level, _ source: AppLogLine.Source, _ bytes: [UInt8]) -> Bool {
    switch limiter.withLock({ $0.next(now: KernelClock.monotonicNanoseconds()) }) {
    case .pass(let droppedBefore):
      if droppedBefore > 0 { tellDropped(droppedBefore) }
      put(level, source, LogText.printable(bytes, limit: limits.logLineBytes))
      return true
    case .drop(let isNews):
      if isNews {
        put(.warning, .host, "the app logs more than \(limits.logLinesPerSecond) lines a second: dropping lines")
      }
      return false
    }
  }

  /// A line of the host itself, which the app's rate does not touch.
  func note(_ level: AppLogLine.Level, _ text: String) {
    put(level, .host, LogText.printable(Array(text.utf8), limit: limits.logLineBytes))
  }

  /// Tells of lines dropped since the last one that passed.
  func finish() {
    let dropped = limiter.withLock { $0.dropped }
    if dropped > 0 { tellDropped(dropped) }
  }

  private func tellDropped(_ count: UInt64) {
    put(.warning, .host, "\(count) log \(count == 1 ? "line was" : "lines were") dropped")
  }

  private func put(_ level: AppLogLine.Level, _ source: AppLogLine.Source, _ text: String) {
    outbox.put(
      .log(
        AppLogLine(
          level: level, source: source, realtimeNanoseconds: KernelClock.realtimeNanoseconds(),
          monotonicNanoseconds: KernelClock.monotonicNanoseconds(), text: text)))
  }
}
