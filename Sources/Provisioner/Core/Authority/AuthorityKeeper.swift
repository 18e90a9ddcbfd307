import FoundationEssentials
package import Logging
import PostgreSQL
import ServiceKit
import ServiceLifecycle

/// Keeps the authority, its CRLs, and what is told of them up to date: after each change that a replica notes in the
/// database, and once a second.
package actor AuthorityKeeper {
  private let directory: AuthorityDirectory
  private let authority: LiveAuthority
  private let store: CertificateStore
  private let feed: RevocationFeed
  private let times: RevocationListTimes
  private let folder: RevocationDirectory?
  private let logger: Logger
  private var versions: [FileVersion?]
  /// Those that were told to be of no use: once is enough.
  private var refusedVersions: [FileVersion?]?
  private var isSettled = false
  private var writtenState: UInt64?
  private var hasWarned = false
  private var isTurning = false
  private var mustTurnAgain = false
  private var isFailing = false
  private var lastCleaning: ContinuousClock.Instant?

  /// How long readers of CRLs get to hear of a new issuer's before its certificates are given out.
  static let settling = Duration.seconds(10)

  /// - Parameter folder: where CRLs are written for a broker, if at all.
  package init(
    directory: AuthorityDirectory, authority: LiveAuthority, store: CertificateStore, feed: RevocationFeed,
    times: RevocationListTimes, folder: RevocationDirectory?, logger: Logger
  ) {
    self.directory = directory
    self.authority = authority
    self.store = store
    self.feed = feed
    self.times = times
    self.folder = folder
    self.logger = logger
    versions = Self.versions(directory)
  }

  /// Does what there is to do. Called while it is at it, it does it once more.
  package func turn() async {
    guard !isTurning else {
      mustTurnAgain = true
      return
    }
    isTurning = true
    repeat {
      mustTurnAgain = false
      do {
        try await work()
        if isFailing { logger.info("the authority's record is up to date again") }
        isFailing = false
      } catch {
        if !isFailing && !Task.isCancelled {
          logger.warning("the authority's record can't be kept up to date", metadata: ["error": "\(error)"])
        }
        isFailing = true
      }
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
    _ = try await store.remakeLists(of: authority.authority.issuers, times: times, now: Date())
    if try await feed.current?.state != store.revocationState() {
      feed.publish(try await store.revocations())
    }
    if let folder, let snapshot = feed.current, snapshot.state != writtenState {
      try folder.write(roots: snapshot.roots, lists: snapshot.lists)
      writtenState = snapshot.state
    }
    warnIfUnknown()
    try await clean()
  }

  /// Files that can't be used leave everything as it is, and are tried again each time: a rotation may be half done, or
  /// a token away for a while.
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

  /// Devices that are told the database's roots would not trust what is signed here.
  private func warnIfUnknown() {
    guard !hasWarned, let known = feed.current?.roots, !Set(authority.trustRoots).isSubset(of: known) else { return }
    hasWarned = true
    logger.error(
      "the authority's folder is older than the one that the database knows, or another one: copy the newest here",
      metadata: ["folder": "\(directory.path)", "generation": "\(authority.authority.generation)"])
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
  }
}

/// Runs the keeper.
package struct AuthorityKeeping: Service {
  private let keeper: AuthorityKeeper
  private let pool: PostgresPool

  package init(_ keeper: AuthorityKeeper, store: CertificateStore) {
    self.keeper = keeper
    pool = store.pool
  }

  package func run() async throws {
    let listener = try pool.listen(to: [CertificateStore.channel], bufferLimit: 64)
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in listener { await keeper.turn() }
        }
        group.addTask {
          while !Task.isCancelled {
            await keeper.turn()
            try? await Task.sleep(for: .seconds(1))
          }
        }
      }
    }
  }
}
