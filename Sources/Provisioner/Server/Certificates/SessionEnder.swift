import Foundation
package import Foundations
package import Logging
package import Messaging
import PostgreSQL
import ServiceLifecycle
import Wire

/// Has the live sessions of revoked devices ended.
///
/// A broker that has not read the new CRL yet would let the device in again at once, so the session is ended several
/// times: right away, and when the CRL is there even if its way took a while.
package struct SessionEnder: Service {
  private let store: CertificateStore
  private let notifier: any RPCCaller
  private let news: TaskSignal
  private let logger: Logger

  /// How many sessions are ended at once.
  private static let batchSize = 64
  /// How long to wait for the next look although nobody told of a revocation: the time of a session that another
  /// replica took and did not end.
  private static let longestWait = Duration.seconds(5)
  /// How long to wait at least when there was nothing to end. What is due and was not there to be taken, another replica
  /// is taking: as long as the database takes to write that down, it would be asked without a pause.
  private static let leastWait = Duration.milliseconds(50)
  /// How soon what failed is tried again.
  private static let retryWait = Duration.seconds(1)

  /// - Parameter news: is woken when a device is revoked.
  package init(store: CertificateStore, notifier: any RPCCaller, news: TaskSignal, logger: Logger) {
    self.store = store
    self.notifier = notifier
    self.news = news
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      var isFailing = false
      while !Task.isCancelled {
        var wait = Self.retryWait
        do {
          let outcome = try await endSessions()
          wait = try await timeToNext()
          if outcome.ended + outcome.failed == 0 { wait = max(wait, Self.leastWait) }
          if outcome.failed > 0, !isFailing {
            logger.warning(
              "sessions of revoked devices can't be ended yet",
              metadata: ["count": "\(outcome.failed)", "error": "\(outcome.error ?? "")"])
            isFailing = true
          } else if outcome.ended > 0, isFailing {
            logger.info("sessions of revoked devices are ended again")
            isFailing = false
          }
        } catch {
          if !isFailing && !Task.isCancelled {
            logger.warning("revoked devices can't be looked for", metadata: ["error": "\(error)"])
          }
          isFailing = true
        }
        if wait > .zero { await news.wait(upTo: wait) }
      }
    }
  }

  /// How long until the next session is to be ended; at most ``longestWait``.
  private func timeToNext() async throws -> Duration {
    let row = try await store.pool.queryFirst(
      """
      select extract(epoch from min(next_disconnect_at) - clock_timestamp())::float8 as wait
      from provisioner.revoked_devices where next_disconnect_at is not null
      """)
    guard let seconds = try row?["wait"].optional?.double else { return Self.longestWait }
    return min(max(.seconds(seconds), .zero), Self.longestWait)
  }

  /// Asks for those that are due.
  func endSessions() async throws -> (ended: Int, failed: Int, error: String?) {
    // What one replica has taken, others leave alone for a while.
    let due = try await store.pool.query(
      """
      update provisioner.revoked_devices set next_disconnect_at = clock_timestamp() + interval '5 seconds'
      where device_id in (
        select device_id from provisioner.revoked_devices where next_disconnect_at <= clock_timestamp()
        order by next_disconnect_at limit $1 for update skip locked
      )
      returning device_id
      """, [.int(Self.batchSize)])
    return try await withThrowingTaskGroup(of: WireFailure?.self) { group in
      for row in due {
        let device = try row["device_id"].uuid
        group.addTask { try await end(device) }
      }
      var outcome: (ended: Int, failed: Int, error: String?) = (0, 0, nil)
      for try await failure in group {
        if let failure {
          outcome.failed += 1
          outcome.error = failure.message
        } else {
          outcome.ended += 1
        }
      }
      return outcome
    }
  }

  /// - Returns: why it could not be ended, if so.
  private func end(_ device: [UInt8]) async throws -> WireFailure? {
    var request = WireDisconnectDevice()
    request.deviceID = Data(device)
    do throws(WireFailure) {
      _ = try await notifier.call(request, deadline: .seconds(3))
    } catch {
      try await store.pool.execute(
        """
        update provisioner.revoked_devices set next_disconnect_at = clock_timestamp() + interval '1 second'
        where device_id = $1
        """, [.uuid(device)])
      return error
    }
    // Again 1, 3 and 30 s after the revocation, whichever of them is still to come.
    try await store.pool.execute(
      """
      update provisioner.revoked_devices set next_disconnect_at = (
        select min(revoked_at + delay) from unnest(array[interval '1 s', interval '3 s', interval '30 s']) as delay
        where revoked_at + delay > clock_timestamp()
      )
      where device_id = $1
      """, [.uuid(device)])
    return nil
  }
}
