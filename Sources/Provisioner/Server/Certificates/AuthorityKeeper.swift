package import CertificateAuthority
import FoundationEssentials
package import Foundations
package import Logging
import Metrics
import PostgreSQL
import ServiceKit
import ServiceLifecycle

/// Keeps the authority, its CRLs, and what is told of them up to date: after each change that a replica notes in the
/// database, a second after one of the authority's files, and every few seconds in case nobody told.
package actor AuthorityKeeper {
  private let directory: AuthorityDirectory
  private let authority: LiveAuthority
  private let store: CertificateStore
  private let feed: RevocationFeed
  private let folder: RevocationDirectory?
  private let logger: Logger
  private var versions: [FileVersion?]
  /// The versions of the files that were said to be of no use in the log: once is enough.
  private var refusedVersions: [FileVersion?]?
  private var isSettled = false
  private var writtenTag: String?
  private var hasWarned = false
  private var isTurning = false
  private var mustTurnAgain = false
  private var failure: (error: String, since: ContinuousClock.Instant)?
  private var lastCleaning: ContinuousClock.Instant?
  private var lastTurn: ContinuousClock.Instant?

  private let failingSeconds = Gauge(label: "provisioner_revocations_failing_seconds")
  private let listCount = Gauge(label: "provisioner_revocation_lists")
  /// Whether something that was taken back must wait until it is published, as others were published just before.
  private(set) var isWaiting = false

  /// How long revocations may not come through before the service is no longer ready.
  private static let longestFailure = Duration.seconds(15)

  /// How often the database is asked although nobody told of a change, and nothing waits.
  private static let turnInterval = Duration.seconds(5)

  /// How long readers of CRLs get to hear of a new issuer's before its certificates are given out.
  static let settling = Duration.seconds(10)

  /// - Parameter folder: where CRLs are written for a broker; nil: nowhere.
  package init(
    directory: AuthorityDirectory, authority: LiveAuthority, store: CertificateStore, feed: RevocationFeed,
    folder: RevocationDirectory?, logger: Logger
  ) {
    self.directory = directory
    self.authority = authority
    self.store = store
    self.feed = feed
    self.folder = folder
    self.logger = logger
    versions = Self.versions(directory)
  }

  /// Does what there is to do, if there may be something: to be called once a second.
  func turnIfDue() async {
    let isIdle =
      isSettled && !isWaiting && failure == nil && Self.versions(directory) == versions
      && lastTurn.map { $0.duration(to: .now) < Self.turnInterval } ?? false
    if isIdle, hasNotedFollowing() { return }
    await turn()
  }

  /// - Returns: false if the folder for the broker can't be written to.
  private func hasNotedFollowing() -> Bool {
    do {
      try folder?.noteFollowed()
      return true
    } catch {
      return false
    }
  }

  /// Does what there is to do. If it is called while it is at it, it does all of it once more.
  package func turn() async {
    guard !isTurning else {
      mustTurnAgain = true
      return
    }
    isTurning = true
    lastTurn = .now
    repeat {
      mustTurnAgain = false
      do {
        try await work()
        if failure != nil { logger.info("the authority's record is up to date again") }
        failure = nil
      } catch {
        if failure == nil && !Task.isCancelled {
          logger.error("the authority's record can't be kept up to date", metadata: ["error": "\(error)"])
        }
        failure = ("\(error)", failure?.since ?? .now)
      }
      note()
    } while mustTurnAgain && !Task.isCancelled
    isTurning = false
  }

  private func work() async throws {
    reloadIfChanged()
    if !isSettled {
      let settled = try await store.register(authority.authority, settling: Self.settling)
      authority.choose(settled: settled, now: Date())
      isSettled = settled.allSatisfy { $0 }
    }
    isWaiting = try await store.publish(for: authority.authority.issuers, now: Date())
    if let known = feed.current {
      if try await !store.isCurrent(known) { feed.publish(try await store.revocations(after: known)) }
    } else {
      feed.publish(try await store.revocations())
    }
    if let folder, let snapshot = feed.current {
      if snapshot.tag != writtenTag {
        try folder.write(roots: snapshot.roots, lists: snapshot.lists)
        writtenTag = snapshot.tag
      }
      try folder.noteFollowed()
    }
    warnIfUnknown()
    try await clean()
  }

  /// For readiness: a broker and services that are told nothing let revoked devices in.
  ///
  /// - Throws: what has kept the lists from being made or written for longer than a passing trouble takes.
  package func check() throws {
    guard let failure, failure.since.duration(to: .now) > Self.longestFailure else { return }
    throw AuthorityError(
      "revocations have not come through for \(Int(failure.since.duration(to: .now) / .seconds(1))) s: "
        + failure.error)
  }

  var hasFailed: Bool { failure != nil }

  private func note() {
    let age = failure.map { $0.since.duration(to: .now) / .seconds(1) } ?? 0
    failingSeconds.record(age)
    listCount.record(feed.current?.published.count ?? 0)
  }

  /// Reads the authority's files if they changed. Files that can't be used leave everything as it is, and are tried
  /// again each time: a rotation may be half done, or a token away for a while.
  private func reloadIfChanged() {
    let now = Self.versions(directory)
    guard now != versions else {
      refusedVersions = nil
      return
    }
    do {
      authority.replace(try directory.load())
      isSettled = false
      hasWarned = false
      versions = now
      refusedVersions = nil
      logger.info("the changed authority is in use", metadata: ["generation": "\(authority.authority.generation)"])
    } catch {
      if now != refusedVersions {
        logger.warning("the changed authority can't be used, the one before stays", metadata: ["error": "\(error)"])
      }
      refusedVersions = now
    }
  }

  /// Warns if this replica's roots are not the database's: devices that are told those would not trust what is signed
  /// here.
  private func warnIfUnknown() {
    guard !hasWarned, let known = feed.current?.roots, !Set(authority.trustRoots).isSubset(of: known) else { return }
    hasWarned = true
    logger.error(
      "the authority's folder is older than the one that the database knows, or another one: copy the newest here",
      metadata: ["directory": "\(directory.path)", "generation": "\(authority.authority.generation)"])
  }

  private static func versions(_ directory: AuthorityDirectory) -> [FileVersion?] {
    ["generation", "ca.pem", "intermediate.pem", "intermediate.key", "intermediate.key-uri"].map {
      FileVersion(path: directory.path($0))
    }
  }

  private func clean() async throws {
    if let lastCleaning, lastCleaning.duration(to: .now) < .seconds(3_600) { return }
    lastCleaning = .now
    _ = try await store.removeExpired()
    try await store.removeExpiredLists()
  }
}

/// Runs the keeper for as long as the service runs.
package struct AuthorityKeeping: Service {
  private let keeper: AuthorityKeeper
  private let pool: PostgresPool
  private let news: TaskSignal

  /// - Parameter news: is woken by each change that a replica tells of.
  package init(_ keeper: AuthorityKeeper, store: CertificateStore, news: TaskSignal) {
    self.keeper = keeper
    self.news = news
    pool = store.pool
  }

  package func run() async throws {
    let listener = try pool.listen(to: [CertificateStore.channel], bufferLimit: 64)
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in listener {
            news.wake()
            await keeper.turn()
          }
        }
        group.addTask {
          while !Task.isCancelled {
            await keeper.turnIfDue()
            let isWaiting = await keeper.isWaiting
            try? await Task.sleep(for: isWaiting ? .milliseconds(250) : .seconds(1))
          }
        }
      }
    }
  }
}
