import Logging
import ServiceLifecycle

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A service that runs until it is stopped, as SIGTERM would stop its process.
final class RunningService: Sendable {
  private struct Body: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await body() }
  }

  private let group: ServiceGroup
  private let task: Task<Void, any Error>

  init(_ body: @Sendable @escaping () async throws -> Void) {
    let group = ServiceGroup(services: [Body(body: body)], logger: quietLogger)
    self.group = group
    task = Task { try await group.run() }
  }

  /// Lets it finish what it does.
  ///
  /// - Throws: what it failed with, also if that was before.
  func stop() async throws {
    await group.triggerGracefulShutdown()
    try await task.value
  }
}
