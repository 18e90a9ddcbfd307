import AppLink
import AppSupervision
import DeviceImages
import DeviceProtocol
import FirmwareImage
import Foundations
import Logging
import UpdateCore

/// From a verified download to an image in its slot that starts at once.
extension DeviceAgent {
  /// Goes on in the background: compiling takes its time, and the old app may need the agent meanwhile.
  func stage(_ offer: FirmwareOffer, into slot: Slot) {
    let version = offer.version
    staging = Task {
      // The app that ran from this slot may still be on its way out.
      await stopping[slot]?.value
      do {
        let isLarge = offer.sizeBytes >= configuration.compileAheadBytes
        if isLarge, let objection = try await compile(version, in: slot) {
          mailbox.post(.stagingRefused(version: version, reason: objection))
          return
        }
        if Task.isCancelled { return }
        async let isPrepared: Void = launcher.prepare(configuration.appLimits)
        try await storage.stage(slot)
        await isPrepared
        (verifiedDownload, failedStaging) = (nil, nil)
        timings.note(\.staged, of: version)
        mailbox.post(.staged(version: version))
      } catch {
        if Task.isCancelled { return }
        mailbox.post(.stagingFailed(version: version, reason: "the flash fails: \(error)"))
      }
    }
  }

  func stopStaging() async {
    staging?.cancel()
    await compiler?.stop(grace: .zero)
    await staging?.value
  }

  /// How long to wait before a version is fetched again that the flash did not keep.
  func pauseAfterFailedStaging(of version: UInt64) -> Duration {
    guard case .downloading(_, failedAttempts: 1...) = machine.phase else { return .zero }
    var backoff =
      failedStaging.flatMap { $0.version == version ? $0.backoff : nil }
      ?? RetryBackoff(first: configuration.download.firstPause, longest: configuration.download.longestPause)
    defer { failedStaging = (version, backoff) }
    return backoff.next()
  }

  /// Compiles the downloaded module into the file beside the slot, in a process of its own, with the limits of an app.
  ///
  /// - Returns: why it can't ever be compiled; nil also if that is not known: the app's start will tell.
  private func compile(_ version: UInt64, in slot: Slot) async throws -> String? {
    let image: VerifiedImage
    if let verifiedDownload {
      image = verifiedDownload
    } else {
      image = try await storage.verifyDownload(in: slot, lowestVersion: version)
    }
    verifiedDownload = nil
    var ending: AppEnding?
    do {
      var launch = try await AppLaunch(image, in: slot, version: version, agent: self)
      launch.onlyCompiles = true
      let process = try await launcher.launch(launch)
      compiler = process
      if Task.isCancelled { await process.stop(grace: .zero) }
      for await event in process.events {
        switch event {
        case .log(let line): await append(line, version: version)
        case .ended(let how): ending = how
        default: break
        }
      }
      compiler = nil
    } catch {
      logger.warning("the app can't be compiled ahead of its start", metadata: ["error": "\(error)"])
    }
    if case .startFailed(let reason) = ending { return reason }
    if let ending, ending != .exited(code: 0) {
      logger.warning("the app was not compiled ahead of its start", metadata: ["error": "\(ending)"])
    }
    return nil
  }
}
