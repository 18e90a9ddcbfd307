import FoundationEssentials
import Synchronization

/// Figures that are looked up when somebody fetches the metrics, and so cost nothing while nobody does.
///
/// There is one look at a time, and the next is not before `interval` has passed. A costly one pauses for a hundred times
/// as long as it took, too, but for five minutes at most: however many devices there are and however often the metrics are
/// fetched, it takes no more than a hundredth of a database's time.
final class MetricCollector: Sendable {
  private struct State {
    var isRunning = false
    var notBefore: ContinuousClock.Instant?
    var succeededAt: Double?
  }

  /// As the metrics name it: one word.
  let name: String
  private let interval: Duration
  private let isCostly: Bool
  private let body: @Sendable () async throws -> Void
  private let state = Mutex(State())

  private static let longestPause = Duration.seconds(300)

  init(
    name: String, interval: Duration, isCostly: Bool = false, body: @escaping @Sendable () async throws -> Void
  ) {
    self.name = name
    self.interval = interval
    self.isCostly = isCostly
    self.body = body
  }

  /// When the figures were looked up last, in seconds since 1970; nil: never.
  var collectedAt: Double? { state.withLock(\.succeededAt) }

  /// Looks the figures up if it is time to. A look that takes longer than `patience` goes on by itself, and is told the
  /// next time.
  func collect(patience: Duration) async {
    guard begin() else { return }
    let outcome = FirstOutcome<Void>()
    Task {
      let started = ContinuousClock.now
      do {
        try await body()
        end(after: .now - started, isGood: true)
      } catch {
        // What failed shows in the time of the last good look, and why in the service's readiness.
        end(after: .now - started, isGood: false)
      }
      outcome.settle(())
    }
    let timer = Task {
      try await Task.sleep(for: patience)
      outcome.settle(())
    }
    await outcome.value()
    timer.cancel()
  }

  private func begin() -> Bool {
    state.withLock { state in
      if state.isRunning { return false }
      if let notBefore = state.notBefore, .now < notBefore { return false }
      state.isRunning = true
      return true
    }
  }

  private func end(after duration: Duration, isGood: Bool) {
    let now = Date().timeIntervalSince1970
    // What failed may have taken long by waiting, which costs nothing.
    let pause = isCostly && isGood ? max(interval, min(duration * 100, Self.longestPause)) : interval
    state.withLock { state in
      state.isRunning = false
      state.notBefore = .now + pause
      if isGood { state.succeededAt = now }
    }
  }
}
