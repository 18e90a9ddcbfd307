import Dispatch
import Glibc
package import Logging
package import ServiceLifecycle
import Synchronization
package import UnixSignals

/// Runs the services of a process until one fails or a signal asks for the end.
package enum ServiceHost {
  /// Runs the services, and ends after SIGTERM or SIGINT, when all of them have finished what they were doing.
  ///
  /// - Parameters:
  ///   - services: shut down in reverse order, so a service may use those before it to the end.
  ///   - shutdownDelay: for how long they go on as before after a signal, so that whoever sends requests can learn that
  ///     they are about to end. A second signal ends it.
  ///   - shutdownTimeout: after it the services are cancelled; if that does not end them either within five seconds
  ///     more, or `close` has not returned by then, the process exits with `ExitStatus.temporary`.
  ///   - signals: what asks for the end.
  ///   - leave: tells those who send requests. Called once, when the end was asked for and `readiness` says so.
  ///   - close: gives back what the services used. Called once, when all of them have ended, also if one failed.
  /// - Throws: what the first service threw that failed.
  package static func run(
    name: String, logger: Logger, services: [any Service], readiness: Readiness? = nil,
    shutdownDelay: Duration = .zero, shutdownTimeout: Duration = .seconds(20),
    signals: [UnixSignal] = [.sigterm, .sigint], leave: @escaping @Sendable () -> Void = {},
    close: @Sendable () async -> Void = {}
  ) async throws {
    // A peer that closes its end is an error of that call, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    let departure = Departure(delay: shutdownDelay, readiness: readiness, leave: leave, logger: logger)
    let bound = ShutdownBound(after: shutdownTimeout + .seconds(5), departure: departure, logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: (services + [bound]).map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
      logger: logger)
    configuration.maximumGracefulShutdownDuration = shutdownTimeout
    let group = ServiceGroup(configuration: configuration)
    // Held to the end: without it a signal would end the process.
    let requests = await UnixSignalsSequence(trapping: signals)
    logger.info("starting", metadata: ["service": "\(name)", "version": "\(XtblishVersion.current)"])
    defer { bound.dismiss() }
    do {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { await departure.run(requests, ending: group) }
        defer { tasks.cancelAll() }
        try await group.run()
      }
    } catch {
      await close()
      throw error
    }
    await close()
    logger.info("ended", metadata: ["service": "\(name)"])
  }
}

/// Sees the shutdown begin first, as it is the last in the group: it bounds the rest.
private final class ShutdownBound: Service {
  private let limit: Duration
  private let departure: Departure
  private let logger: Logger
  private let isDismissed = Atomic(false)

  init(after limit: Duration, departure: Departure, logger: Logger) {
    self.limit = limit
    self.departure = departure
    self.logger = logger
  }

  func run() async throws {
    try? await gracefulShutdown()
    logger.info("shutting down")
    // Also where no signal was the reason.
    departure.announce()
    let (seconds, attoseconds) = limit.components
    // Not a task: the threads of tasks may be what is stuck.
    DispatchQueue.global().asyncAfter(deadline: .now() + Double(seconds) + Double(attoseconds) / 1e18) { [self] in
      guard !isDismissed.load(ordering: .acquiring) else { return }
      logger.critical("services did not end in time, exiting without them")
      _exit(ExitStatus.temporary.rawValue)
    }
  }

  /// The services have ended.
  func dismiss() {
    isDismissed.store(true, ordering: .releasing)
  }
}
