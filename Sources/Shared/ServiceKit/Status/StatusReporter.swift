import FoundationEssentials
package import Messaging
import SwiftProtobuf
package import Wire

/// Answers requests on the bus that ask how the service is (`GetStatus`).
package struct StatusReporter: Sendable {
  private static let figuresDeadline = Duration.seconds(2)

  private let service: String
  private let instanceID: String
  private let startedAt: Date
  private let readiness: Readiness
  private let addresses: @Sendable () async -> [String: String]
  private let figures: @Sendable () async throws -> [String: Double]

  /// - Parameters:
  ///   - service: its name, for example `registry`.
  ///   - addresses: where it serves, by purpose: `http`, `rpc`, `operations`.
  ///   - figures: counts worth a look, for example `outbox.pending`. When this throws the status has none.
  package init(
    service: String, readiness: Readiness, addresses: @escaping @Sendable () async -> [String: String] = { [:] },
    figures: @escaping @Sendable () async throws -> [String: Double] = { [:] }
  ) {
    self.service = service
    // Differs for each replica and each start, so that somebody who asks twice can tell.
    instanceID = UUID().uuidString.lowercased()
    startedAt = Date()
    self.readiness = readiness
    self.addresses = addresses
    self.figures = figures
  }

  /// Makes the router answer `GetStatus`.
  package func register(on router: inout RPCRouter) {
    router.handle(WireGetStatus.self) { _, _ in await status() }
  }

  /// The status now. Takes as long as the checks, and at most 2 s for the figures.
  package func status() async -> WireServiceStatus {
    async let counted = countedFigures()
    let findings = await readiness.findings()
    var status = WireServiceStatus()
    status.service = service
    status.version = XtblishVersion.current
    status.instanceID = instanceID
    status.startedAt = Google_Protobuf_Timestamp(date: startedAt)
    status.ready = findings.allSatisfy(\.isReady)
    status.dependencies = findings.map { finding in
      var dependency = WireServiceStatus.Dependency()
      dependency.name = finding.name
      dependency.ready = finding.isReady
      dependency.detail = finding.detail
      return dependency
    }
    status.figures = await counted
    status.addresses = await addresses()
    return status
  }

  /// What they count is often in a dependency that is down. That is told by then, and must not be held up: whoever asks
  /// waits for some seconds only.
  private func countedFigures() async -> [String: Double] {
    let outcome = FirstOutcome<[String: Double]>()
    let work = Task { outcome.settle((try? await figures()) ?? [:]) }
    let timer = Task {
      try await Task.sleep(for: Self.figuresDeadline)
      outcome.settle([:])
    }
    defer {
      work.cancel()
      timer.cancel()
    }
    return await outcome.value()
  }
}
