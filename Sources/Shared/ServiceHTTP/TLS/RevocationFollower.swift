import Foundation
package import Logging
package import Messaging
import Metrics
import ServiceLifecycle
import Wire

/// Keeps a service's list of revoked certificates as the Provisioner's is, by asking for changes again and again.
package struct RevocationFollower: Service {
  private let list: RevocationList
  private let provisioner: any RPCCaller
  private let logger: Logger
  private let age = Gauge(label: "xtblish_revocations_age_seconds")
  private let count = Gauge(label: "xtblish_revocations_known")
  /// How long the Provisioner may wait for news, the most that it takes.
  private static let wait = Duration.seconds(5)
  private static let deadline = Duration.seconds(8)
  /// After a failure: well below the time in which a revocation must have come through.
  private static let pause = Duration.milliseconds(500)

  package init(list: RevocationList, provisioner: any RPCCaller, logger: Logger) {
    self.list = list
    self.provisioner = provisioner
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown { await follow() }
  }

  /// Where it is.
  private struct Position {
    var cursor: WireRevocationCursor?
    /// What a Provisioner of the release before this one counts.
    var state: UInt64 = 0
    /// Whether there is nothing new, as far as is known.
    var isAtEnd = false
  }

  private func follow() async {
    var position = Position()
    var isFailing = false
    var isKnown = false
    while !Task.isCancelled {
      do {
        try await step(&position)
        if position.isAtEnd, isFailing || !isKnown {
          logger.info("revocations known", metadata: ["count": "\(list.count)"])
          (isKnown, isFailing) = (true, false)
        }
      } catch {
        guard !Task.isCancelled else { return }
        if !isFailing { logger.warning("revocations can't be asked for", metadata: ["error": "\(error)"]) }
        isFailing = true
        // Another replica of the Provisioner, or the same after a restart, may have older lists. A cursor holds
        // wherever it is taken.
        position.state = 0
        position.isAtEnd = false
        try? await Task.sleep(for: Self.pause)
      }
      age.record(list.age / .seconds(1))
      count.record(list.count)
    }
  }

  private func step(_ position: inout Position) async throws {
    var request = WireGetRevocations()
    request.paged = true
    if let cursor = position.cursor { request.after = cursor }
    // Zero is no state, so the first answer comes at once.
    request.knownState = position.state
    request.waitMilliseconds = position.isAtEnd ? UInt32(Self.wait / .milliseconds(1)) : 0
    let answer = try await provisioner.call(request, deadline: Self.deadline)
    guard answer.paged else {
      // The same state too: lists are made anew before they run out.
      try list.replace(with: answer.crls.map(Array.init))
      position = Position(cursor: nil, state: answer.state, isAtEnd: true)
      return
    }
    list.take(
      answer.revoked.map { revoked in
        RevocationList.Page(
          issuer: revoked.issuer, serialNumbers: Array(revoked.serialNumbers), expireAt: revoked.expireAt)
      }, isWhole: answer.whole, isLast: !answer.more, validity: .seconds(Int64(answer.validSeconds)))
    position = Position(cursor: answer.cursor, state: 0, isAtEnd: !answer.more)
  }
}
