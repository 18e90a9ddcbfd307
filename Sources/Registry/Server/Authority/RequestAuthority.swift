package import Authorization
import FoundationEssentials
import Foundations
package import Logging
package import Messaging
package import RegistryDomain
package import RegistryStorage
package import ServiceKit
import ServiceLifecycle
import Synchronization
import TextFormats
import Wire

/// Decides what the bearer of a token may do, and sees to it that refused attempts and uses of tokens are on record.
///
/// Any number of replicas decide side by side: a token that one of them revoked is refused by the next decision of any.
package final class RequestAuthority: Service {
  /// How long a decision on a read may be used again, and so how late a revoked token stops reading.
  package static let readValidity = Duration.seconds(1)
  /// How often uses of tokens and counts of refusals are written.
  private static let interval = Duration.seconds(1)

  /// What the bearer of a token wants: an `action` on a `target`, as the audit log has them, that takes a `scope`.
  /// The token is given by its SHA-256 (`tokenHash`).
  package struct Request: Sendable {
    package var tokenHash: [UInt8]
    package var scope: AccessScope
    /// What is to be done, in kebab-case; empty for reads.
    package var action: String
    package var target: String
    /// The client's address, in the words of the service that asks, if one does.
    package var source: String
    /// The service that the client presented the token to; nil: to the Registry itself.
    package var service: BusPeer?

    package init(
      tokenHash: [UInt8], scope: AccessScope, action: String, target: String, source: String,
      service: BusPeer? = nil
    ) {
      self.tokenHash = tokenHash
      self.scope = scope
      self.action = action
      self.target = target
      self.source = source
      self.service = service
    }

    /// The client as the audit log has it, once its `principal` is known.
    package func requester(_ principal: String) -> Requester {
      Requester(principal: principal, source: source, via: service.map { "\($0)" } ?? "")
    }
  }

  /// Whether the bearer may, and by which token, or why not.
  package enum Verdict: Sendable, Equatable {
    case allowed(APIToken)
    case refused(RefusedToken)
  }

  private struct State {
    var refusals = RefusalTally()
    /// Entries that wait for the next time something is written.
    var waiting: [AuditRecord] = []
    var uses: [[UInt8]: Date] = [:]
  }

  private let store: RegistryStore
  private let limiters: AttemptLimiters
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameter limiter: bounds failed attempts here by their source. What services say of their clients is counted for
  ///   each service by itself, so that none can keep anybody away from another, or from here.
  package init(store: RegistryStore, limiter: AttemptLimiter = AttemptLimiter(), logger: Logger) {
    self.store = store
    limiters = AttemptLimiters(own: limiter)
    self.logger = logger
  }

  /// Decides, and puts a refusal on record.
  ///
  /// - Parameter isRecorded: whether an action that is allowed is to be in the audit log before this returns. Changes
  ///   of the Registry itself are noted with the change instead.
  /// - Throws: `overloaded` for a token that is not taken, from a source that has failed too often of late. A good
  ///   token is good wherever it comes from; how many are looked up at once is bounded by the database's connections.
  package func decide(_ request: Request, isRecorded: Bool) async throws -> Verdict {
    let limiter = limiters.limiter(of: request.service)
    let wait = limiter.wait(of: request.source)
    let found = try await store.presentedToken(hash: request.tokenHash)
    if let refusal = Self.refusal(found, request.scope) {
      if refusal != .missingScope {
        limiter.failed(request.source)
        if let wait { throw RequestFailure.tooManyFailures(wait: wait) }
      }
      let principal = found?.token.principal ?? Requester.anonymousPrincipal
      await note(
        AuditRecord(
          request.action.isEmpty ? Self.readAction : request.action, request.target,
          by: request.requester(principal)),
        refusedFor: refusal.rawValue)
      return .refused(refusal)
    }
    guard let token = found?.token else { return .refused(.unknown) }
    noteUse(of: token)
    if isRecorded, !request.action.isEmpty {
      try await store.append(
        AuditRecord(request.action, request.target, by: request.requester(token.principal), outcome: .begun))
    }
    return .allowed(token)
  }

  /// Puts into the audit log what became of an action that was let through, in the name of the token that was shown.
  ///
  /// - Parameter problem: why it failed; nil if it was done.
  package func conclude(_ request: Request, problem: String?) async throws {
    guard let token = try await store.presentedToken(hash: request.tokenHash)?.token else {
      throw RequestFailure(RefusedToken.unknown)
    }
    try await store.append(
      AuditRecord(
        request.action, request.target, by: request.requester(token.principal),
        outcome: problem == nil ? .allowed : .failed,
        problem.map { ["reason": .string(FieldRules.sanitized($0, maximumBytes: AuditRecord.actionBytes))] } ?? [:]))
  }

  private func noteUse(of token: APIToken) {
    state.withLock { $0.uses[token.id] = Date() }
  }

  /// What refused reads are called in the audit log.
  static let readAction = "read"

  private static func refusal(_ found: (token: APIToken, isExpired: Bool)?, _ scope: AccessScope) -> RefusedToken? {
    guard let (token, isExpired) = found else { return .unknown }
    if token.revokedAt != nil { return .revoked }
    if isExpired { return .expired }
    return token.scopes.contains { $0 >= scope } ? nil : .missingScope
  }

  /// Puts an attempt that was refused into the audit log: at once if it is the first of its kind in a while, else with
  /// the count of those like it.
  package func note(_ attempt: AuditRecord, refusedFor reason: String) async {
    if let record = state.withLock({ $0.refusals.note(attempt, reason: reason, now: .now) }) { await write(record) }
  }

  /// The same as ``note(_:refusedFor:)`` for callers that can't wait: the entry is in the log a little later.
  func noteLater(_ attempt: AuditRecord, refusedFor reason: String) {
    state.withLock { state in
      if let record = state.refusals.note(attempt, reason: reason, now: .now) { state.waiting.append(record) }
    }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // What is due when the process is to end is written below, by a task that may still write.
        do { try await Task.sleep(for: Self.interval) } catch { return }
        await self.writeWhatIsDue()
      }
    }
    // What was counted is not to be lost with the process.
    await writeEverything()
  }

  private func writeWhatIsDue() async {
    let (uses, records) = state.withLock { state in
      defer { (state.uses, state.waiting) = ([:], []) }
      return (state.uses, state.waiting + state.refusals.due(now: .now))
    }
    await write(uses)
    for record in records { await write(record) }
  }

  /// Writes what was noted and counted, also of windows that have not ended.
  func writeEverything() async {
    let (uses, records) = state.withLock { state in
      defer { (state.uses, state.waiting) = ([:], []) }
      return (state.uses, state.waiting + state.refusals.drain())
    }
    await write(uses)
    for record in records { await write(record) }
  }

  private func write(_ uses: [[UInt8]: Date]) async {
    do {
      try await store.noteUse(of: uses)
    } catch {
      // Kept for the next time, if nothing newer came.
      state.withLock { $0.uses.merge(uses) { newer, _ in newer } }
      logger.warning("uses of tokens not noted, trying again", metadata: ["error": "\(error)"])
    }
  }

  private func write(_ record: AuditRecord) async {
    do {
      try await store.append(record)
    } catch {
      // Whoever wrote it was to end: it is written with what waits.
      if Task.isCancelled { return state.withLock { $0.waiting.append(record) } }
      // The attempt was refused all the same; the log of this process has it.
      logger.error(
        "refused attempt not in the audit log",
        metadata: [
          "principal": "\(record.requester.principal)", "source": "\(record.requester.source)",
          "action": "\(record.action)", "target": "\(record.target)",
          "detail": "\(JSONValue.object(record.detail).text)", "error": "\(error)",
        ])
    }
  }
}

extension RequestFailure {
  /// A token was refused, from an address from which too many were of late.
  static func tooManyFailures(wait: Duration) -> RequestFailure {
    RequestFailure(
      .overloaded, reason: AttemptLimiter.reason,
      message: "too many tokens from this address were refused: wait, then come back with one that is good",
      retryAfterMilliseconds: UInt32(clamping: wait.wholeMilliseconds + 1))
  }
}
