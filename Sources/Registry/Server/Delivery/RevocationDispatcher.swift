package import Foundations
package import Logging
package import RegistryDomain
package import RegistryStorage
import ServiceLifecycle

/// Tells the Provisioner which devices went out of service or were deleted, so that it takes their certificates back,
/// for as long as it takes.
///
/// Any number of replicas do so side by side: each claims what it tells.
package struct RevocationDispatcher: Service {
  /// How the dispatcher works; `backoff` are the pauses before a revocation is tried again.
  package struct Options: Sendable {
    /// How long a claim keeps other replicas away, and so how late they notice that this one died.
    package var lease: Duration
    package var backoff: RetryBackoff
    /// How often it looks for what other replicas left.
    package var longestSleep: Duration

    package init(
      lease: Duration = .seconds(3), backoff: RetryBackoff = RetryBackoff(longest: .seconds(2)),
      longestSleep: Duration = .seconds(5)
    ) {
      self.lease = lease
      self.backoff = backoff
      self.longestSleep = longestSleep
    }
  }

  private let store: RegistryStore
  private let provisioner: any CertificateProvider
  private let options: Options
  private let logger: Logger

  package init(store: RegistryStore, provisioner: any CertificateProvider, options: Options = Options(), logger: Logger)
  {
    self.store = store
    self.provisioner = provisioner
    self.options = options
    self.logger = logger
  }

  /// Revocations told at once.
  private static let batchSize = 16

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        var wait = min(options.longestSleep, .seconds(1))
        do {
          let batch = try await store.claimRevocations(limit: Self.batchSize, lease: options.lease)
          await withDiscardingTaskGroup { group in
            for revocation in batch { group.addTask { await tell(revocation) } }
          }
          if !batch.isEmpty { continue }
          wait = min(try await store.timeToNextRevocation() ?? options.longestSleep, options.longestSleep)
        } catch {
          if !Task.isCancelled {
            logger.warning("revocations not read, trying again", metadata: ["error": "\(error)"])
          }
        }
        // What is due and was not there to be claimed, another replica is claiming: not to ask without a pause while the
        // database writes that down.
        await store.revocationSignal.wait(upTo: max(wait, .milliseconds(50)))
      }
    }
  }

  private func tell(_ revocation: PendingRevocation) async {
    do {
      do throws(RequestFailure) {
        // Ends before the lease does, so that no other replica tells it meanwhile.
        try await provisioner.revoke(
          revocation.device, reason: revocation.reason, by: revocation.requester, deadline: options.lease * 0.8)
      } catch {
        // A device that never enrolled has nothing to be taken away.
        guard error.code == .notFound else {
          let delay = options.backoff.delay(attempts: revocation.attempts, fraction: .random(in: 0...1))
          logger.warning(
            "device not revoked yet, trying again",
            metadata: ["device": "\(revocation.device)", "error": "\(error)"])
          return try await store.postponeRevocation(of: revocation.device, by: delay, error: "\(error)")
        }
      }
      try await store.settleRevocation(of: revocation.device)
      logger.info("device revoked", metadata: ["device": "\(revocation.device)"])
    } catch {
      // The lease runs out, and it is told again.
      logger.warning(
        "revocation not settled, left to its lease",
        metadata: ["device": "\(revocation.device)", "error": "\(error)"])
    }
  }
}
