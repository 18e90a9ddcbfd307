package import Messaging
import Wire

/// Puts into the Registry's audit log what operators do here over the bus, before it is done: a change that can't be
/// noted is not made.
package struct OperatorAudit: Sendable {
  private let registry: any RPCCaller

  package init(registry: any RPCCaller) {
    self.registry = registry
  }

  /// Who asks, as records name it.
  static func name(of peer: BusPeer?) -> String { peer.map { "\($0)" } ?? "anonymous" }

  /// For as long as an operator waits at most.
  private static let deadline = Duration.seconds(3)

  /// - Parameters:
  ///   - action: in the imperative: `create-claim`.
  ///   - target: what it is done to; empty for none in particular.
  func note(_ context: RequestContext, _ action: String, _ target: String = "") async throws(WireFailure) {
    // On a bus without keys nobody is known, and services note by themselves for whom they act.
    guard let peer = context.peer, peer.role == .operator else { return }
    var request = WireRecordAudit()
    request.entry.principal = Self.name(of: peer)
    request.entry.action = action
    request.entry.target = target
    request.entry.outcome = "allowed"
    _ = try await registry.call(request, deadline: min(Self.deadline, context.remaining))
  }
}
