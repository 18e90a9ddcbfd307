import AppSupervision
import Curl
import DeviceImages
import DeviceProtocol
import FirmwareImage
import Foundations
import Logging
import UpdateCore

/// What the state machine wants done.
extension DeviceAgent {
  func perform(_ action: UpdateMachine.Action) async {
    // Tasks that are begun by it belong to the trace too.
    let trace = version(of: action).flatMap { timings.trace(of: $0) }
    await TraceContext.$current.withValue(trace) { await perform(traced: action) }
  }

  /// Which version the action is part of the way to; nil: of none that counts.
  private func version(of action: UpdateMachine.Action) -> UInt64? {
    switch action {
    case .check(let hint): hint.version
    case .startDownload(let offer, _), .stage(let offer, _): offer.version
    case .launch(let slot), .switchOver(_, let slot): machine.record[slot].version
    default: nil
    }
  }

  private func perform(traced action: UpdateMachine.Action) async {
    switch action {
    case .saveRecord: await saveRecord()
    case .check(let hint): await hints.add(hint)
    case .startDownload(let offer, let slot): await startDownload(offer, into: slot)
    case .stage(let offer, let slot): stage(offer, into: slot)
    case .discardDownload: await discardDownload()
    case .launch(let slot): await launchApp(in: slot)
    case .stop(let slot): stopApp(in: slot)
    case .switchOver(let old, let new): switchOver(from: old, to: new)
    case .relaunchLater(let slot): scheduleRelaunch(of: slot)
    case .startTrialTimer(let version): startTrialTimer(version)
    case .stopTrialTimer: trialTimer?.cancel()
    case .raiseSecurityEpoch(let epoch): await raiseSecurityEpoch(to: epoch)
    case .report:
      let report = report
      if report.status == .confirmed { timings.note(\.confirmed, of: report.version) }
      await reporter.update(report)
    case .note(let event): await note(event)
    }
  }

  /// Nothing may go on before the record is safe, so a flash that fails is tried again until it doesn't; what runs
  /// meanwhile goes on running.
  private func saveRecord() async {
    var backoff = RetryBackoff(first: .milliseconds(50), longest: .seconds(30))
    // Once even when the agent is to end: that it ended on purpose is worth knowing.
    repeat {
      do {
        try await storage.save(machine.record)
        return
      } catch {
        logger.critical("the boot record can't be saved; trying again", metadata: ["error": "\(error)"])
        // A flash that fails is no reason to end what runs.
        mailbox.takeTurn()
        try? await Task.sleep(for: backoff.next())
      }
    } while !Task.isCancelled
  }

  private func raiseSecurityEpoch(to epoch: UInt32) async {
    do {
      try await storage.raiseSecurityEpoch(to: epoch)
      await note(.info, "images of a security epoch below \(epoch) are refused from now on")
    } catch {
      // The next start asks for it again.
      await note(.error, "the security epoch \(epoch) is not burnt: \(error)")
    }
  }

  private func startDownload(_ offer: FirmwareOffer, into slot: Slot) async {
    await stopDownload()
    await hinder(.download, by: nil)
    await stopping[slot]?.value
    let figures = TransferFigures()
    let version = offer.version
    let (mailbox, timings) = (mailbox, timings)
    timings.noteDownload(of: offer)
    let job = ImageDownload(
      offer: offer, slot: slot, servers: servers, storage: storage, http: http, policy: configuration.download,
      figures: figures, logger: logger,
      firstWait: pauseAfterFailedStaging(of: version),
      onFetched: { timings.note(\.downloaded, of: version) },
      onFruitlessRound: { mailbox.post(.downloadAttemptFailed(version: version)) },
      onHindrance: { await self.hinder(.download, version: version, by: $0) })
    let task = Task {
      switch await job.run() {
      case .complete(let image):
        timings.note(\.verified, of: version)
        verifiedDownload = image
        let epoch = image.configuration.manifest?.app.securityEpoch ?? 0
        mailbox.post(.downloaded(version: version, securityEpoch: epoch))
      case .refused(let reason): mailbox.post(.downloadRefused(version: version, reason: reason))
      case .cancelled: break
      }
    }
    download = (task, figures)
    prepareLaunch(of: offer)
  }

  /// A small image is here soon, and its app should not have to wait for its process then. A larger one is compiled
  /// first.
  private func prepareLaunch(of offer: FirmwareOffer) {
    guard offer.sizeBytes < configuration.compileAheadBytes else { return }
    let (launcher, limits) = (launcher, configuration.appLimits)
    preparation = Task { await launcher.prepare(limits) }
  }

  private func stopDownload() async {
    guard let current = download else { return }
    download = nil
    current.task.cancel()
    // Its last bytes must not fall into the file of the next one.
    await current.task.value
  }

  private func discardDownload() async {
    await stopDownload()
    // What stays behind is overwritten by the next download.
    for slot in Slot.allCases { try? await storage.discardDownload(into: slot) }
  }

  private func startTrialTimer(_ version: UInt64) {
    trialTimer?.cancel()
    let (mailbox, trial) = (mailbox, configuration.trial)
    trialTimer = Task {
      do { try await Task.sleep(for: trial) } catch { return }
      mailbox.post(.trialElapsed(version: version))
    }
  }
}
