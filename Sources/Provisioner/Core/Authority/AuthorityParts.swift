package import Hummingbird
package import Logging
package import Messaging
import OpenSSL
package import PostgreSQL
package import ServiceHTTP
package import ServiceLifecycle

/// The authority put together, as a part of the service.
package struct AuthorityParts: Sendable {
  package let issuer: LiveAuthority
  package let store: CertificateStore
  package let feed: RevocationFeed
  package let keeper: AuthorityKeeper
  package let revocation: DeviceRevocation
  private let renewal: CertificateRenewal
  private let ender: SessionEnder

  /// Nil if there is to be none.
  ///
  /// - Throws: `AuthorityError` when its folder can't be used.
  package init?(
    _ settings: AuthoritySettings, pool: PostgresPool, notifier: any RPCCaller, logger: Logger
  ) async throws {
    guard let path = settings.directory else { return nil }
    let directory = AuthorityDirectory(path, passphraseFile: settings.passphraseFile)
    issuer = LiveAuthority(try directory.load(), deviceLifetime: settings.deviceLifetime)
    store = CertificateStore(pool: pool)
    feed = RevocationFeed()
    keeper = AuthorityKeeper(
      directory: directory, authority: issuer, store: store, feed: feed, times: settings.listTimes,
      folder: settings.listDirectory.map { RevocationDirectory($0) }, logger: logger)
    renewal = CertificateRenewal(issuer: issuer, store: store, logger: logger)
    revocation = DeviceRevocation(store: store, keeper: keeper)
    ender = SessionEnder(store: store, notifier: notifier, logger: logger)
    // So that whoever asks first gets an answer, and a broker finds the folder complete.
    await keeper.turn()
  }

  package var services: [any Service] { [AuthorityKeeping(keeper, store: store), ender] }

  package func register(on router: inout RPCRouter, audit: OperatorAudit) {
    AuthorityRPC(store: store, feed: feed, keeper: keeper, audit: audit).register(on: &router)
  }

  package func add(to router: Router<HTTPContext>, access: AccessControl) {
    AuthorityRoutes(issuer: issuer, feed: feed, renewal: renewal, revocation: revocation).add(
      to: router, access: access)
  }

  /// Keeps the list that this service's own connections are checked with.
  package func following(_ list: RevocationList, logger: Logger) -> any Service {
    OwnRevocations(feed: feed, list: list, logger: logger)
  }
}

/// What the readers of the bus hear from `GetRevocations`, for this process itself.
struct OwnRevocations: Service {
  let feed: RevocationFeed
  let list: RevocationList
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var known: UInt64 = 0
      while !Task.isCancelled {
        guard let snapshot = await feed.next(after: known, atMost: .seconds(60)), snapshot.state != known else {
          continue
        }
        do {
          try list.replace(with: snapshot.lists.map(\.der))
        } catch {
          logger.error("the CRLs can't be read", metadata: ["error": "\(error)"])
        }
        known = snapshot.state
      }
    }
  }
}
