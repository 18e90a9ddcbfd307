import Foundations
import Logging
import ServiceLifecycle
import Synchronization
import TextFormats
import UnixSignals

/// The way out of a process that others send requests to: at the first signal it says that it goes, and goes on working
/// until they know. At the second it waits no longer.
final class Departure: Sendable {
  private let delay: Duration
  private let readiness: Readiness?
  private let leave: @Sendable () -> Void
  private let logger: Logger
  private let isAnnounced = Atomic(false)
  private let hurry = TaskSignal()

  /// - Parameters:
  ///   - delay: between the first signal and the end.
  ///   - leave: tells those who send requests.
  init(delay: Duration, readiness: Readiness?, leave: @escaping @Sendable () -> Void, logger: Logger) {
    self.delay = delay
    self.readiness = readiness
    self.leave = leave
    self.logger = logger
  }

  /// Has the group end after a signal. Returns when it is cancelled.
  func run(_ signals: UnixSignalsSequence, ending group: ServiceGroup) async {
    await withDiscardingTaskGroup { tasks in
      var isFirst = true
      for await _ in signals {
        if isFirst {
          isFirst = false
          announce()
          tasks.addTask { await self.end(group) }
        } else {
          hurry.wake()
        }
      }
    }
  }

  /// Makes the service unready and tells those who send requests, once.
  func announce() {
    guard !isAnnounced.exchange(true, ordering: .acquiringAndReleasing) else { return }
    readiness?.drain()
    leave()
  }

  private func end(_ group: ServiceGroup) async {
    if delay > .zero {
      logger.info("about to shut down, still taking requests", metadata: ["duration": "\(HumanText.duration(delay))"])
      await hurry.wait(upTo: delay)
    }
    await group.triggerGracefulShutdown()
  }
}
