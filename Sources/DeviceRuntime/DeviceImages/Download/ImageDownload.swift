package import Curl
import DeviceCredentials
import DeviceStorage
package import FirmwareImage
import Foundations
import Glibc
package import Logging
import RootDocument
package import UpdateCore
package import WebAssemblyModule

/// Fetches an image that is on offer into a slot's download file, and goes on until it is there, whole and right. What a
/// server does wrong, and what a flash does, is tried again for as long as it takes, with growing pauses: only what the
/// right bytes themselves make impossible counts against their version.
///
/// What came stays in the file over cut connections and restarts. Whether its parts belong together, the digest tells in
/// the end.
package struct ImageDownload: Sendable {
  /// Limits of a download, and its pauses, which grow from the first to the longest. `timeouts` are those of one
  /// request.
  package struct Policy: Sendable {
    /// The largest image that this device takes.
    package var maximumImageBytes: UInt64
    package var timeouts: HTTPClient.Timeouts
    /// The first pause between rounds over all servers.
    package var firstPause: Duration
    /// The longest pause between rounds over all servers.
    package var longestPause: Duration
    /// The first pause after a whole image whose bytes were wrong: each cost as much as a right one.
    package var firstWrongPause: Duration
    /// The longest pause after a whole image whose bytes were wrong.
    package var longestWrongPause: Duration
    /// What an app may want from its start.
    package var appLimits = AppCheck.Limits()

    package init(
      maximumImageBytes: UInt64 = 64 << 20,
      timeouts: HTTPClient.Timeouts = HTTPClient.Timeouts(
        connect: .seconds(10), lowSpeed: .seconds(20), lowSpeedBytesPerSecond: 16),
      firstPause: Duration = .milliseconds(200), longestPause: Duration = .seconds(60),
      firstWrongPause: Duration = .seconds(2), longestWrongPause: Duration = .seconds(900)
    ) {
      self.maximumImageBytes = maximumImageBytes
      self.timeouts = timeouts
      self.firstPause = firstPause
      self.longestPause = longestPause
      self.firstWrongPause = firstWrongPause
      self.longestWrongPause = longestWrongPause
    }
  }

  /// How a download ended.
  package enum Outcome: Sendable, Equatable {
    case complete(VerifiedImage)
    /// The image can never be used: trying again would end the same way.
    case refused(reason: String)
    case cancelled
  }

  let offer: FirmwareOffer
  let slot: Slot
  let servers: ImageServers
  let storage: SlotStore
  let http: HTTPClient
  let policy: Policy
  let figures: TransferFigures
  let logger: Logger
  private let firstWait: Duration
  private let onFetched: @Sendable () -> Void
  private let onFruitlessRound: @Sendable () async -> Void
  private let onHindrance: @Sendable (String?) async -> Void

  /// - Parameters:
  ///   - firstWait: how long to wait before the first attempt, because an earlier download of the same image could not
  ///     be used.
  ///   - onFetched: called when all bytes are here, before they are verified.
  ///   - onFruitlessRound: called when no server gave the image in a round.
  ///   - onHindrance: called with what is in the way now; nil: nothing, it moves on.
  package init(
    offer: FirmwareOffer, slot: Slot, servers: ImageServers, storage: SlotStore, http: HTTPClient, policy: Policy,
    figures: TransferFigures, logger: Logger, firstWait: Duration = .zero,
    onFetched: @escaping @Sendable () -> Void = {},
    onFruitlessRound: @escaping @Sendable () async -> Void, onHindrance: @escaping @Sendable (String?) async -> Void
  ) {
    self.offer = offer
    self.slot = slot
    self.servers = servers
    self.storage = storage
    self.http = http
    self.policy = policy
    self.figures = figures
    self.logger = logger
    self.firstWait = firstWait
    self.onFetched = onFetched
    self.onFruitlessRound = onFruitlessRound
    self.onHindrance = onHindrance
  }

  /// Downloads until the image is complete or refused, or the task is cancelled.
  package func run() async -> Outcome {
    do { try await Task.sleep(for: firstWait) } catch { return .cancelled }
    var progress = Progress(
      backoff: RetryBackoff(first: policy.firstPause, longest: policy.longestPause),
      wrongBackoff: RetryBackoff(first: policy.firstWrongPause, longest: policy.longestWrongPause))
    while true {
      progress.beginRound()
      if let outcome = await attempt(&progress) { return outcome }
      if Task.isCancelled { return .cancelled }
      // A link that keeps breaking but moves on is used at once again.
      if progress.hasMoved {
        progress.backoff.reset()
        await onHindrance(nil)
      } else {
        await onHindrance(progress.reasons.isEmpty ? "nobody has the image" : progress.reasons.joined(separator: "; "))
        await onFruitlessRound()
      }
      let pause = max(progress.pause, progress.isWrong ? progress.wrongBackoff.next() : progress.backoff.next())
      do { try await Task.sleep(for: pause) } catch { return .cancelled }
    }
  }

  private struct Progress {
    var backoff: RetryBackoff
    var wrongBackoff: RetryBackoff
    var isPrepared = false
    /// What is in the file came over several connections.
    var isJoined = false
    // Of this round:
    var reasons: [String] = []
    /// What a server wants.
    var pause = Duration.zero
    var hasMoved = false
    /// A whole image came, and its bytes are wrong.
    var isWrong = false

    mutating func beginRound() {
      (reasons, pause, hasMoved, isWrong) = ([], .zero, false, false)
    }
  }

  /// Asks every server once.
  ///
  /// - Returns: nil if that led to nothing.
  private func attempt(_ progress: inout Progress) async -> Outcome? {
    do {
      if !progress.isPrepared, let reason = try await prepare(&progress) { return .refused(reason: reason) }
    } catch {
      progress.reasons.append("the flash fails: \(error)")
    }
    guard progress.isPrepared else { return nil }
    let urls = servers.urls(of: offer.version, first: [offer.url])
    if urls.isEmpty { progress.reasons.append("no server is known that this device may ask") }
    for url in urls {
      let before = figures.bytesDone
      switch await fetch(url) {
      case .complete:
        onFetched()
        let wasJoined = progress.isJoined || before > 0
        switch await verify() {
        case .right(let image): return .complete(image)
        case .unsuitable(let reason): return .refused(reason: reason)
        case .wrong(let reason):
          logger.warning("image is not what was offered", metadata: ["url": "\(url)", "error": "\(reason)"])
          progress.reasons.append("\(url): \(reason)")
          progress.isJoined = false
          // The parts may have been of different bytes: from one piece it may be right.
          progress.isWrong = progress.isWrong || !wasJoined
        case .unreadable(let reason): progress.reasons.append(reason)
        }
      case .failed(let reason, let retryAfter):
        if Task.isCancelled { return .cancelled }
        logger.info("image not fetched", metadata: ["url": "\(url)", "error": "\(reason)"])
        progress.reasons.append(reason)
        progress.pause = max(progress.pause, min(retryAfter, policy.longestPause))
        progress.hasMoved = progress.hasMoved || figures.bytesDone > before
        progress.isJoined = figures.bytesDone > 0
      case .hindered(let reason):
        progress.reasons.append(reason)
        // It may need room that there was when it began.
        progress.isPrepared = false
        return nil
      }
    }
    return nil
  }

  /// - Returns: why this device can never hold the image; nil if it can, now or later.
  private func prepare(_ progress: inout Progress) async throws -> String? {
    try await storage.beginDownload(of: offer, into: slot)
    switch try await storage.makeRoom(for: offer, in: slot) {
    case .enough:
      figures.begin(total: offer.sizeBytes, done: try await storage.downloadedBytes(in: slot))
      progress.isPrepared = true
    case .tooLittle(let reason): progress.reasons.append(reason)
    case .never(let reason): return reason
    }
    return nil
  }

  private enum Judgement {
    case right(VerifiedImage)
    /// The bytes are not those that were offered: somebody on the way changed them.
    case wrong(String)
    /// What was offered, and nothing that this device can run.
    case unsuitable(String)
    /// Nobody knows now: the flash failed, or whoever has the root documents is away.
    case unreadable(String)
  }

  private func verify() async -> Judgement {
    let reason: String
    do {
      let image = try await verifiedImage()
      if let mismatch = mismatch(of: image.verdict) {
        reason = mismatch
      } else if let unsuitability = unsuitability(of: image.verdict) {
        return .unsuitable(unsuitability)
      } else {
        return .right(image)
      }
    } catch ImageFormatError.unreadable(_, let call, let code) {
      return .unreadable("the flash fails: can't \(call) the download: \(String(cString: strerror(code)))")
    } catch let error as ImageFormatError {
      reason = "\(error.reason): \(error)"
      if await isFinal(error) { return .unsuitable(reason) }
    } catch let error as RootDocumentError {
      // The next document mends it, whenever it is published.
      return .unreadable("\(error.reason): \(error)")
    } catch let error as RootDocumentsUnavailable {
      return .unreadable("\(error)")
    } catch let error as OTPError {
      return .unreadable("\(error)")
    } catch {
      return .unreadable("the flash fails: \(error)")
    }
    // Nothing in it can be relied on, and the next attempt must not go on from it.
    try? await storage.beginDownload(of: offer, into: slot, restarting: true)
    figures.reach(0)
    return .wrong(reason)
  }

  /// Whether the very bytes that were offered are at fault, so that no server has better ones.
  private func isFinal(_ error: ImageFormatError) async -> Bool {
    switch error {
    case .securityEpochTooLow, .hostAPILevelTooHigh: return true
    // Told before the digest is known.
    case .webAssembly: return (try? await storage.downloadHolds(offer.digest, in: slot)) ?? false
    default: return false
    }
  }

  /// Verifies the image, and asks for newer root documents if what the device's trust lacks may be in them.
  private func verifiedImage() async throws -> VerifiedImage {
    let known = storage.trust.rootDocumentVersion
    do {
      return try await storage.verifyDownload(in: slot, lowestVersion: offer.version)
    } catch  where DeviceTrust.mayBeOutdated(error) {
      let refreshed = await storage.trust.refresh()
      do {
        // Others may have asked for them at the same time.
        guard storage.trust.rootDocumentVersion > known else { throw error }
        return try await storage.verifyDownload(in: slot, lowestVersion: offer.version)
      } catch  where DeviceTrust.mayBeOutdated(error) {
        if case .failed(let reason, _) = refreshed { throw RootDocumentsUnavailable(reason: reason) }
        throw error
      }
    }
  }

  private func mismatch(of verdict: ImageVerdict) -> String? {
    if verdict.wasmDigest != offer.digest {
      return "the image holds \(verdict.wasmDigest), offered was \(offer.digest)"
    }
    if let manifest = verdict.header.configuration.manifest, manifest.firmwareVersion != offer.version {
      return "the image is version \(manifest.firmwareVersion), offered was \(offer.version)"
    }
    return nil
  }

  private func unsuitability(of verdict: ImageVerdict) -> String? {
    let epoch = verdict.header.configuration.manifest?.app.securityEpoch ?? 0
    if let objection = storage.trust.objection(toSecurityEpoch: epoch) { return objection }
    // The app's process looks again before it starts it, and at the code too.
    return AppCheck.problem(in: verdict.interface, limits: policy.appLimits)?.description
  }
}
