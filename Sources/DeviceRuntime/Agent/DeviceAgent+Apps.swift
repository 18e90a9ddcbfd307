import AppLink
import AppSupervision
import DeviceBoard
import DeviceCredentials
import DeviceImages
import DeviceProtocol
import DeviceStorage
import FirmwareImage
import Foundations
import Logging
import UpdateCore

/// An app whose process runs.
struct LiveApp: Sendable {
  /// Tells this start from others in the same slot.
  var id: UInt64
  var app: any RunningApp
  var image: VerifiedImage
  var startedAt: WallClock
  var reader: Task<Void, Never>
  var launchedAt: ContinuousClock.Instant
  var quiet: QuietMoment
}

/// The pauses between starts of an app that fails.
struct Relaunch: Sendable {
  var backoff: RetryBackoff
  var task: Task<Void, Never>?
  /// How often in a row the image could not be read.
  var unreadableImages = 0
  /// How often the device itself could not start a version that is on its way, in a row.
  var hostFailures: (version: UInt64, count: Int) = (0, 0)
}

/// Starts and ends of apps.
extension DeviceAgent {
  func launchApp(in slot: Slot) async {
    relaunches[slot]?.task?.cancel()
    guard apps[slot] == nil else { return }
    await stopping[slot]?.value
    let record = machine.record[slot]
    do {
      let image = try await storage.verifyImage(in: slot, against: record)
      relaunches[slot]?.unreadableImages = 0
      let launch = try await AppLaunch(image, in: slot, version: record.version, agent: self)
      let app = try await launcher.launch(launch)
      timings.note(\.processStarted, of: record.version)
      appCount += 1
      let id = appCount
      let quiet = QuietMoment()
      // What an app does all its life is not the deployment's.
      let reader = TraceContext.$current.withValue(nil) {
        Task {
          await self.follow(
            app, of: image, id: id, slot: slot, version: record.version, name: launch.appName, quiet: quiet)
        }
      }
      apps[slot] = LiveApp(
        id: id, app: app, image: image, startedAt: .now, reader: reader, launchedAt: .now, quiet: quiet)
    } catch let error as UnusableImage {
      mailbox.post(.imageDamaged(slot, reason: error.description))
    } catch is FlashError, is ImageFormatError, is OTPError {
      hasFailedToRead(slot)
    } catch {
      await hasFailedOnHost(slot, "\(error)")
    }
  }

  /// No process could be had for the app, or it failed by itself. That says nothing of a version which is on its way,
  /// and passes: a program that is being replaced, no memory or processes left, a configuration with a mistake.
  private func hasFailedOnHost(_ slot: Slot, _ reason: String) async {
    guard case .staged(slot, _, isStarted: false) = machine.phase else {
      mailbox.post(.appFailed(slot, reason: reason))
      return
    }
    scheduleRelaunch(of: slot)
    let version = machine.record[slot].version
    let before = relaunches[slot]?.hostFailures
    let failures = before?.version == version ? (before?.count ?? 0) + 1 : 1
    relaunches[slot]?.hostFailures = (version, failures)
    await hinder(.start, version: version, by: reason)
    guard failures >= Self.maximumHostFailures else { return }
    mailbox.post(.appFailed(slot, reason: "this device could not start it, \(failures) times: \(reason)"))
  }

  /// How many such failures in a row there may be: with the standard pauses they take some minutes.
  private static let maximumHostFailures = 9

  /// An error of the flash may pass, and says nothing of the image; one that stays does.
  private func hasFailedToRead(_ slot: Slot) {
    scheduleRelaunch(of: slot)
    let failures = (relaunches[slot]?.unreadableImages ?? 0) + 1
    relaunches[slot]?.unreadableImages = failures
    logger.error("the image can't be read; trying again", metadata: ["slot": "\(slot.name)"])
    guard failures >= Self.maximumUnreadableImages, slot != machine.record.active else { return }
    mailbox.post(.appFailed(slot, reason: "the flash fails: its image could not be read \(failures) times"))
  }

  private static let maximumUnreadableImages = 5

  /// Returns at once; `stopping` tells when the process is gone.
  func stopApp(in slot: Slot) {
    relaunches[slot]?.task?.cancel()
    takeovers.removeValue(forKey: slot)?.cancel()
    guard let live = apps.removeValue(forKey: slot) else { return }
    let grace = configuration.stopGrace
    let earlier = stopping[slot]
    stopping[slot] = Task {
      await earlier?.value
      await live.app.stop(grace: grace)
      await live.reader.value
    }
  }

  func scheduleRelaunch(of slot: Slot) {
    var relaunch =
      relaunches[slot]
      ?? Relaunch(
        backoff: RetryBackoff(
          first: configuration.firstRelaunchPause, longest: configuration.longestRelaunchPause))
    relaunch.task?.cancel()
    let pause = relaunch.backoff.next()
    let mailbox = mailbox
    relaunch.task = Task {
      do { try await Task.sleep(for: pause) } catch { return }
      mailbox.post(.relaunchDue(slot))
    }
    relaunches[slot] = relaunch
  }

  /// Why the app in the slot is started now, as far as this agent saw.
  fileprivate func resetReason(for slot: Slot) -> ResetReason {
    let last = lastEndings[slot].flatMap { $0.version == machine.record[slot].version ? $0.ending : nil }
    if let last, last != .stopped { return ResetReason(after: last) }
    switch machine.phase {
    case .staged(slot, _, _), .trial(slot): return .update
    default: return last == .stopped && machine.report.failed != nil ? .rollback : .power
    }
  }

  private static let lastWordsLimit = Duration.seconds(5)

  /// Reads what an app does until it ends.
  private func follow(
    _ app: any RunningApp, of image: VerifiedImage, id: UInt64, slot: Slot, version: UInt64, name: String,
    quiet: QuietMoment
  ) async {
    let publisher = AppPublisher(
      mqtt: mqtt, outlet: outlet, prefix: topics.appPrefix, app: app, logger: logger,
      onGivenUp: { await self.note(.warning, $0, version) })
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await publisher.run() }
      var wasStopped = false
      var hasSpoken = false
      for await event in app.events {
        switch event {
        case .started: post(.appStarted(slot), of: id, slot)
        case .activated(let nanoseconds): hasActivated(id, slot: slot, version: version, at: nanoseconds)
        case .quiet(let nanoseconds): quiet.note(at: nanoseconds)
        case .keyValue(let request):
          await app.deliver(.keyValue(await keyValues.handle(request, appName: name)))
        case .subscribe(let handle, let filter):
          await subscriptions.subscribe(app, app: id, handle: handle, filter: filter)
        case .unsubscribe(let handle): await subscriptions.unsubscribe(app: id, handle: handle)
        case .pins(let levels): board.note(levels, of: id)
        case .healthConfirmed: post(.healthConfirmed(slot), of: id, slot)
        case .log(let line):
          if !hasSpoken, line.source != .host {
            hasSpoken = true
            noteFirstLine(line, version: version, slot: slot)
          }
          await append(line, version: version)
        case .publish(let messageID, let topic, let payload, let qos):
          await publisher.enqueue(.init(id: messageID, topic: topic, payload: payload, qos: qos))
        case .ended(let ending):
          lastEndings[slot] = (version, ending)
          await subscriptions.forget(app: id)
          board.forget(id)
          wasStopped = ending == .stopped
          // For a process that could not say so itself.
          quiet.note(at: KernelClock.monotonicNanoseconds())
          await keepCrash(ending, of: image, in: slot, version: version)
          await hasEnded(ending, id: id, slot: slot)
        }
      }
      publisher.finish()
      // The last words of a program that ended still go out, if they can.
      if !wasStopped {
        group.addTask { try? await Task.sleep(for: Self.lastWordsLimit) }
        await group.next()
      }
      group.cancelAll()
    }
  }

  /// What an app says counts only while it is the one in its slot.
  func post(_ event: UpdateMachine.Event, of id: UInt64, _ slot: Slot) {
    if apps[slot]?.id == id { mailbox.post(event) }
  }

  private func hasEnded(_ ending: AppEnding, id: UInt64, slot: Slot) async {
    guard let live = apps[slot], live.id == id else { return }
    apps[slot] = nil
    takeovers.removeValue(forKey: slot)?.cancel()
    // One that worked for a good while starts over with short pauses.
    if .now - live.launchedAt > configuration.longestRelaunchPause { relaunches[slot]?.backoff.reset() }
    switch ending {
    case .exited(code: 0):
      // What follows does not interrupt it.
      lastActive = nil
      mailbox.post(.appFinished(slot))
    case .hostFailed: await hasFailedOnHost(slot, ending.description)
    default: mailbox.post(.appFailed(slot, reason: ending.description))
    }
  }

  /// The first line that an app's process wrote for it: with it a deployment has arrived.
  private func noteFirstLine(_ line: AppLogLine, version: UInt64, slot: Slot) {
    guard let trace = timings.trace(of: version) else { return }
    timings.note(\.firstLine, of: version, at: line.monotonicNanoseconds)
    TraceContext.$current.withValue(trace) {
      logger.info(
        "the app wrote its first line",
        metadata: ["version": "\(version)", "slot": "\(slot.name)", "text": "\(line.text.prefixOfUTF8(200))"])
    }
  }

  func append(_ line: AppLogLine, version: UInt64) async {
    await log.append(
      level: line.level.name, source: line.source.name, firmwareVersion: version,
      realtimeNanoseconds: line.realtimeNanoseconds, monotonicNanoseconds: line.monotonicNanoseconds, text: line.text)
  }
}

extension AppLaunch {
  /// Only a verified image can be launched.
  init(_ image: VerifiedImage, in slot: Slot, version: UInt64, agent: DeviceAgent) async throws {
    let flash = agent.storage.flash
    guard case .file(let path, let offset) = image.content, let compiled = flash.path(of: SlotFiles(slot).compiled)
    else {
      throw AppLaunchError("this flash has no files that another process could open")
    }
    let app = image.configuration.manifest?.app
    self.init(
      modulePath: path, moduleOffsetBytes: UInt64(offset), compiledCachePath: compiled,
      deviceID: agent.identity.device.bytes, version: version, appName: app?.name.text ?? "",
      appVersion: app?.version.text ?? "", configuration: try await agent.storage.appConfiguration(),
      limits: agent.configuration.appLimits, startDeadline: agent.configuration.startDeadline,
      pins: agent.board.pinGrants, sensors: agent.board.sensorGrants, topics: agent.board.topics,
      resetReason: await agent.resetReason(for: slot))
  }
}

extension AppLogLine.Level {
  fileprivate var name: String {
    let level: LogLevel =
      switch self {
      case .debug: .debug
      case .info: .info
      case .warning: .warning
      case .error: .error
      }
    return level.name
  }
}

extension AppLogLine.Source {
  fileprivate var name: String {
    let source: LogSource =
      switch self {
      case .app: .app
      case .stdout: .stdout
      case .stderr: .stderr
      case .host: .host
      }
    return source.rawValue
  }
}
