import Foundations
import Messaging
import Wire

/// Puts into the Registry's audit log what operators do here over the bus, before it is done and after: a change that
/// can't be noted is not begun.
struct OperatorAudit: Sendable {
  private let registry: any RPCCaller

  init(registry: any RPCCaller) {
    self.registry = registry
  }

  /// The name of whoever asks, as records have it.
  static func name(of peer: BusPeer?) -> String { peer.map { "\($0)" } ?? "anonymous" }

  /// How long an operator waits for the record at most.
  private static let deadline = Duration.seconds(3)

  /// Does what an operator asked for, noted as begun before and as done or failed afterwards.
  ///
  /// - Parameters:
  ///   - action: in the imperative: `create-claim`.
  ///   - target: what it is done to; empty for none in particular.
  func recording<Value: Sendable>(
    _ context: RequestContext, _ action: String, _ target: String = "", _ body: () async throws -> Value
  ) async throws -> Value {
    // On a bus without keys nobody is known, and services note by themselves for whom they act.
    guard let peer = context.peer, peer.role == .operator else { return try await body() }
    var entry = WireAuditEntry()
    entry.principal = Self.name(of: peer)
    entry.action = action
    entry.target = target
    try await record(entry, "begun", context)
    let value: Value
    do {
      value = try await body()
    } catch {
      let reason = (error as? RequestFailure)?.reason ?? (error as? WireFailure)?.reason ?? ""
      // A reason is a word in kebab-case.
      entry.detailJson = "{\"reason\":\"\(reason.isEmpty ? "internal" : reason)\"}"
      // It failed for another reason, which is what the operator is to hear.
      try? await record(entry, "failed", context)
      throw error
    }
    // It is done: that it was begun is on record, and the operator must not be told otherwise.
    try? await record(entry, "allowed", context)
    return value
  }

  private func record(
    _ entry: WireAuditEntry, _ outcome: String, _ context: RequestContext
  ) async throws(WireFailure) {
    var request = WireRecordAudit()
    request.entry = entry
    request.entry.outcome = outcome
    _ = try await registry.call(request, deadline: min(Self.deadline, context.remaining))
  }
}
