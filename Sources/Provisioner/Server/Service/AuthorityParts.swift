import CertificateAuthority
import DeviceCertificates
import Foundations
import Hummingbird
import Logging
import Messaging
import OpenSSL
import PostgreSQL
import ServiceHTTP
import ServiceKit
import ServiceLifecycle
import Wire

/// The authority put together, as a part of the service: `issuer` signs, `store` records what was issued and taken
/// back, `keeper` keeps both and the lists up to date, `feed` gives out what is known, and `revocation` takes
/// certificates back.
struct AuthorityParts: Sendable {
  let issuer: LiveAuthority
  let store: CertificateStore
  let feed: RevocationFeed
  let keeper: AuthorityKeeper
  let revocation: DeviceRevocation
  private let renewal: DeviceCertificateRenewal
  private let ender: SessionEnder
  private let news: TaskSignal
  private let validity: Duration

  /// Puts the parts together; nil if the settings name no folder of an authority.
  ///
  /// - Throws: `AuthorityError` when the folder can't be used.
  init?(
    _ settings: AuthoritySettings, pool: PostgresPool, notifier: any RPCCaller, logger: Logger
  ) throws {
    guard let path = settings.directory else { return nil }
    let directory = AuthorityDirectory(path, passphraseFile: settings.passphraseFile)
    issuer = LiveAuthority(try directory.load(), deviceLifetime: settings.deviceLifetime)
    store = CertificateStore(pool: pool)
    feed = RevocationFeed()
    keeper = AuthorityKeeper(
      directory: directory, authority: issuer, store: store, feed: feed,
      folder: settings.listDirectory.map { RevocationDirectory($0) }, logger: logger)
    renewal = DeviceCertificateRenewal(issuer: issuer, store: store, logger: logger)
    revocation = DeviceRevocation(store: store, keeper: keeper)
    validity = settings.revocationValidity
    news = TaskSignal()
    ender = SessionEnder(store: store, notifier: notifier, news: news, logger: logger)
  }

  /// Makes the first lists. To be called once the tables are there, before the services start, so that whoever asks
  /// first gets an answer, and a broker finds the folder complete.
  func prepare() async { await keeper.turn() }

  /// When the intermediate that devices get certificates from ends, or the last of the roots.
  var expirySource: ExpirySource {
    ExpirySource { [issuer] in
      let authority = issuer.authority
      var found = authority.issuers.prefix(1).map { newest in
        Expiry(
          kind: "ca-intermediate", name: newest.certificate.commonName ?? "of devices",
          end: newest.certificate.notAfter,
          remedy: "make the next with xtblish-provisioner ca rotate")
      }
      if let last = authority.roots.max(by: { $0.notAfter < $1.notAfter }) {
        found.append(
          Expiry(
            kind: "ca-root", name: last.commonName ?? "root", end: last.notAfter,
            remedy: "make the next with xtblish-provisioner ca rotate --root, and give everybody the new roots"))
      }
      return found
    }
  }

  /// The services that run for as long as the Provisioner does.
  var services: [any Service] { [AuthorityKeeping(keeper, store: store, news: news), ender] }

  /// Makes the router answer what is asked of the authority.
  func register(on router: inout RPCRouter, audit: OperatorAudit) {
    AuthorityRPC(store: store, feed: feed, keeper: keeper, validity: validity, audit: audit).register(on: &router)
  }

  /// Makes the HTTP server answer what is asked of the authority.
  func add(to router: Router<HTTPContext>, access: AccessControl) {
    AuthorityRoutes(issuer: issuer, feed: feed, renewal: renewal, revocation: revocation).add(
      to: router, access: access)
  }

  /// Keeps the list that this service's own connections are checked with.
  func following(_ list: RevocationList, logger: Logger) -> any Service {
    RevocationFollower(
      list: list, provisioner: OwnRevocations(feed: feed, pages: RevocationPages(store: store, validity: validity)),
      logger: logger)
  }
}

/// What the readers of the bus hear from `GetRevocations`, for this process itself.
struct OwnRevocations: RPCCaller {
  let feed: RevocationFeed
  let pages: RevocationPages

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let asked = request as? WireGetRevocations else { throw .unsupportedHere }
    _ = await feed.next(
      unless: { AuthorityRPC.isKnown(asked, $0) }, atMost: .milliseconds(Int64(asked.waitMilliseconds)))
    do {
      guard let page = try await pages.page(after: asked.hasAfter ? asked.after : nil) as? R.Response else {
        throw WireFailure.unsupportedHere
      }
      return page
    } catch let failure as WireFailure {
      throw failure
    } catch {
      throw WireFailure(.unavailable, reason: "database-unavailable", message: "\(error)")
    }
  }
}

extension WireFailure {
  fileprivate static var unsupportedHere: WireFailure {
    WireFailure(.unsupported, reason: "unsupported", message: "only GetRevocations is answered here")
  }
}
