package import Curl
package import FirmwareImage
internal import Glibc
internal import Logging

/// Fetches an announced image into a slot's download file, and goes on until it is there, whole and right, or until it
/// is clear that it never will be. A server or a flash that fails is tried again: only what is wrong with the image
/// itself counts against its version.
///
/// What came stays in the file over cut connections and restarts; only a strong entity tag makes it worth anything.
package struct ImageDownload: Sendable {
  package struct Policy: Sendable {
    /// The largest image that this device takes.
    package var maximumImageBytes: UInt64
    package var timeouts: HTTPClient.Timeouts
    /// Pauses between rounds over all servers.
    package var firstPause: Duration
    package var longestPause: Duration
    /// So many complete downloads that are not what was announced, and the version is refused.
    package var maximumWrongImages: Int
    /// What an app may want from its start.
    package var appLimits = AppCheck.Limits()

    package init(
      maximumImageBytes: UInt64 = 64 << 20,
      timeouts: HTTPClient.Timeouts = HTTPClient.Timeouts(connect: .seconds(10), lowSpeed: .seconds(20)),
      firstPause: Duration = .milliseconds(200), longestPause: Duration = .seconds(60), maximumWrongImages: Int = 3
    ) {
      self.maximumImageBytes = maximumImageBytes
      self.timeouts = timeouts
      self.firstPause = firstPause
      self.longestPause = longestPause
      self.maximumWrongImages = maximumWrongImages
    }
  }

  package enum Outcome: Sendable, Equatable {
    case complete(VerifiedImage)
    /// For good: trying again would end the same way.
    case refused(reason: String)
    case cancelled
  }

  let notification: FirmwareNotification
  let slot: Slot
  let device: DeviceID
  /// Base URLs from the enrolment, tried after the notification's own.
  let imageStoreURLs: [String]
  /// Plain URLs are passed over.
  let requiresTLS: Bool
  let storage: DeviceStorage
  let http: HTTPClient
  let policy: Policy
  let figures: TransferFigures
  let logger: Logger
  /// Before the first attempt: an earlier download of the same could not be used.
  var firstWait = Duration.zero
  /// Nobody had the image this time round.
  let onFruitlessRound: @Sendable () async -> Void
  /// The device's own flash is in the way. Told once for each reason.
  let onHindrance: @Sendable (String) async -> Void

  /// Ends when the image is complete, refused, or the task is cancelled.
  package func run() async -> Outcome {
    guard notification.sizeBytes <= policy.maximumImageBytes else {
      return .refused(
        reason: "the image has \(notification.sizeBytes) bytes; this device takes at most \(policy.maximumImageBytes)")
    }
    do { try await Task.sleep(for: firstWait) } catch { return .cancelled }
    var progress = Progress(backoff: RetryBackoff(first: policy.firstPause, limit: policy.longestPause))
    while true {
      if let outcome = await attempt(&progress) { return outcome }
      if Task.isCancelled { return .cancelled }
      // A link that keeps breaking but moves on is used at once again.
      if progress.hasMoved { progress.backoff.reset() } else { await onFruitlessRound() }
      do { try await Task.sleep(for: max(progress.pause, progress.backoff.next())) } catch { return .cancelled }
    }
  }

  private struct Progress {
    var backoff: RetryBackoff
    var isPrepared = false
    var wrongImages = 0
    /// What the last round had to say.
    var pause = Duration.zero
    var hasMoved = false
    var hindrance: String?
  }

  /// Asks every server once.
  ///
  /// - Returns: nil if that led to nothing.
  private func attempt(_ progress: inout Progress) async -> Outcome? {
    progress.pause = .zero
    progress.hasMoved = false
    do {
      if !progress.isPrepared, let reason = try await prepare(&progress) { return .refused(reason: reason) }
    } catch {
      await note(hindrance: "the flash fails: \(error)", &progress)
    }
    guard progress.isPrepared else { return nil }
    for url in sources {
      let before = figures.bytesDone
      switch await fetch(url) {
      case .complete:
        switch await verify() {
        case .right(let image): return .complete(image)
        case .wrong(let reason):
          if isEnough(reason, url, &progress.wrongImages) { return .refused(reason: reason) }
        case .unsuitable(let reason): return .refused(reason: reason)
        case .unreadable(let reason): await note(hindrance: reason, &progress)
        }
      case .wrong(let reason):
        if isEnough(reason, url, &progress.wrongImages) { return .refused(reason: reason) }
      case .failed(let reason, let retryAfter):
        if Task.isCancelled { return .cancelled }
        logger.info("image not fetched", metadata: ["url": "\(url)", "reason": "\(reason)"])
        progress.pause = max(progress.pause, min(retryAfter, policy.longestPause))
        progress.hasMoved = progress.hasMoved || figures.bytesDone > before
      case .hindered(let reason):
        await note(hindrance: reason, &progress)
        // It may need room that there was when it began.
        progress.isPrepared = false
        return nil
      }
    }
    return nil
  }

  /// - Returns: why this device can never hold the image; nil if it can, now or later.
  private func prepare(_ progress: inout Progress) async throws -> String? {
    try await storage.beginDownload(of: notification, into: slot)
    switch try await storage.makeRoom(for: notification, in: slot) {
    case .enough:
      figures.begin(total: notification.sizeBytes, done: try await storage.downloadedBytes(in: slot))
      progress.isPrepared = true
    case .tooLittle(let reason): await note(hindrance: reason, &progress)
    case .never(let reason): return reason
    }
    return nil
  }

  private func note(hindrance: String, _ progress: inout Progress) async {
    guard progress.hindrance != hindrance, !Task.isCancelled else { return }
    progress.hindrance = hindrance
    await onHindrance(hindrance)
  }

  private func isEnough(_ reason: String, _ url: String, _ wrongImages: inout Int) -> Bool {
    wrongImages += 1
    logger.warning("image is not what was announced", metadata: ["url": "\(url)", "reason": "\(reason)"])
    return wrongImages >= policy.maximumWrongImages
  }

  private enum Judgement {
    case right(VerifiedImage)
    /// Not the bytes that were announced.
    case wrong(String)
    /// What was announced, and nothing that this device can run.
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
      // Signed by those who may, and still nothing for this device: another server has no better one.
      switch error {
      case .securityEpochTooLow, .hostAPILevelTooHigh: return .unsuitable(reason)
      default: break
      }
    } catch let error as RootDocumentError {
      // The next document mends it, whenever it is published.
      return .unreadable("\(error.reason): \(error)")
    } catch let error as RootDocumentsUnavailable {
      return .unreadable("newer root documents can't be had, and may be needed for this image: \(error.reason)")
    } catch let error as OTPError {
      return .unreadable("\(error)")
    } catch {
      return .unreadable("the flash fails: \(error)")
    }
    // Nothing in it can be relied on, and the next attempt must not go on from it.
    try? await storage.beginDownload(of: notification, into: slot, restarting: true)
    figures.reach(0)
    return .wrong(reason)
  }

  /// Newer root documents might say that an image is good, and nobody could be asked for them.
  private struct RootDocumentsUnavailable: Error {
    var reason: String
  }

  /// What the device's trust lacks may be in root documents that it does not know yet.
  private func verifiedImage() async throws -> VerifiedImage {
    let known = storage.trust.rootDocumentVersion
    do {
      return try await storage.verifyDownload(in: slot, lowestVersion: notification.version)
    } catch  where DeviceTrust.mayBeOutdated(error) {
      let refreshed = await storage.trust.refresh()
      do {
        // Others may have asked for them at the same time.
        guard storage.trust.rootDocumentVersion > known else { throw error }
        return try await storage.verifyDownload(in: slot, lowestVersion: notification.version)
      } catch  where DeviceTrust.mayBeOutdated(error) {
        if case .failed(let reason, _) = refreshed { throw RootDocumentsUnavailable(reason: reason) }
        throw error
      }
    }
  }

  private func mismatch(of verdict: ImageVerdict) -> String? {
    if verdict.wasmDigest != notification.digest {
      return "the image holds \(verdict.wasmDigest), announced was \(notification.digest)"
    }
    if let manifest = verdict.header.configuration.manifest, manifest.firmwareVersion != notification.version {
      return "the image is version \(manifest.firmwareVersion), announced was \(notification.version)"
    }
    return nil
  }

  private func unsuitability(of verdict: ImageVerdict) -> String? {
    let epoch = verdict.header.configuration.manifest?.app.securityEpoch ?? 0
    // Once confirmed, it could not be told from a lower one that is to be refused.
    if storage.trust.hasFuses, epoch > OTPLayout.highestSecurityEpoch {
      return "its security epoch is \(epoch), and this device's fuses count to \(OTPLayout.highestSecurityEpoch)"
    }
    // The app's process looks again before it starts it, and at the code too.
    return AppCheck.problem(in: verdict.interface, limits: policy.appLimits)?.description
  }

  private var sources: [String] {
    let path = "/firmware/\(device)/\(notification.version)"
    let others = imageStoreURLs.map { base in base.withoutSlash + path }
    var urls: [String] = notification.url.isEmpty ? [] : [notification.url]
    for url in others where !urls.contains(url) { urls.append(url) }
    return requiresTLS ? urls.filter { $0.lowercased().hasPrefix("https://") } : urls
  }
}
