package import Curl
internal import FirmwareImage
internal import Logging

/// Fetches an announced image into a slot's download file, and goes on until it is there, whole and right, or until it
/// is clear that it never will be.
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
    case complete
    /// For good: trying again would end the same way.
    case refused(reason: String)
    case cancelled
  }

  let notification: FirmwareNotification
  let slot: Slot
  let device: DeviceID
  /// Base URLs from the enrolment, tried after the notification's own.
  let imageStoreURLs: [String]
  let storage: DeviceStorage
  let http: HTTPClient
  let policy: Policy
  let figures: TransferFigures
  let logger: Logger
  /// Nobody had the image this time round.
  let onFruitlessRound: @Sendable () async -> Void

  /// Ends when the image is complete, refused, or the task is cancelled.
  package func run() async -> Outcome {
    guard notification.sizeBytes <= policy.maximumImageBytes else {
      return .refused(
        reason: "the image has \(notification.sizeBytes) bytes; this device takes at most \(policy.maximumImageBytes)")
    }
    do {
      try await storage.beginDownload(of: notification, into: slot)
      if let shortage = try await storage.makeRoom(for: notification, in: slot) { return .refused(reason: shortage) }
    } catch {
      return .refused(reason: "the flash fails: \(error)")
    }
    figures.begin(total: notification.sizeBytes, done: (try? await storage.downloadedBytes(in: slot)) ?? 0)
    return await fetchUntilDone()
  }

  private func fetchUntilDone() async -> Outcome {
    var backoff = RetryBackoff(first: policy.firstPause, limit: policy.longestPause)
    var wrongImages = 0
    while true {
      var pause = Duration.zero
      var hasProgressed = false
      for url in sources {
        let before = figures.bytesDone
        switch await fetch(url) {
        case .complete:
          switch await verify() {
          case .right: return .complete
          case .wrong(let reason):
            if isEnough(reason, url, &wrongImages) { return .refused(reason: reason) }
          case .unsuitable(let reason): return .refused(reason: reason)
          }
        case .wrong(let reason):
          if isEnough(reason, url, &wrongImages) { return .refused(reason: reason) }
        case .failed(let reason, let retryAfter):
          if Task.isCancelled { return .cancelled }
          logger.info("image not fetched", metadata: ["url": "\(url)", "reason": "\(reason)"])
          pause = max(pause, min(retryAfter, policy.longestPause))
          hasProgressed = hasProgressed || figures.bytesDone > before
        case .refused(let reason):
          return .refused(reason: reason)
        }
      }
      // A link that keeps breaking but moves on is used at once again.
      if hasProgressed { backoff.reset() } else { await onFruitlessRound() }
      do { try await Task.sleep(for: max(pause, backoff.next())) } catch { return .cancelled }
    }
  }

  private func isEnough(_ reason: String, _ url: String, _ wrongImages: inout Int) -> Bool {
    wrongImages += 1
    logger.warning("image is not what was announced", metadata: ["url": "\(url)", "reason": "\(reason)"])
    return wrongImages >= policy.maximumWrongImages
  }

  private enum Judgement {
    case right
    /// Not the bytes that were announced.
    case wrong(String)
    /// What was announced, and nothing that this device can run.
    case unsuitable(String)
  }

  private func verify() async -> Judgement {
    let reason: String
    do {
      let image = try await storage.verifyDownload(in: slot)
      if let mismatch = mismatch(of: image.verdict) {
        reason = mismatch
      } else if let unsuitability = unsuitability(of: image.verdict) {
        return .unsuitable(unsuitability)
      } else {
        return .right
      }
    } catch let error as ImageFormatError {
      reason = "\(error)"
    } catch {
      reason = "the flash fails: \(error)"
    }
    // Nothing in it can be relied on, and the next attempt must not go on from it.
    try? await storage.beginDownload(of: notification, into: slot, restarting: true)
    figures.reach(0)
    return .wrong(reason)
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
    if let app = verdict.header.configuration.manifest?.app, app.hostAPILevel > HostAPI.level {
      return "the app needs host API level \(app.hostAPILevel), this device offers \(HostAPI.level)"
    }
    let missing = HostAPI.missingImports(of: verdict.interface)
    guard !missing.isEmpty else { return nil }
    let names = missing.prefix(5).joined(separator: ", ")
    return "the app imports what this device does not offer: \(names)\(missing.count > 5 ? " and more" : "")"
  }

  private var sources: [String] {
    let path = "/firmware/\(device)/\(notification.version)"
    let others = imageStoreURLs.map { base in base.hasSuffix("/") ? base.dropLast() + path : base + path }
    var urls: [String] = notification.url.isEmpty ? [] : [notification.url]
    for url in others where !urls.contains(url) { urls.append(url) }
    return urls
  }
}
