import AppSupervision
import DeviceProtocol
import Logging
import UpdateCore

/// One app takes over from another.
extension DeviceAgent {
  /// Both processes are up; the new one waits, initialised, for the old one's last event.
  func switchOver(from old: Slot?, to new: Slot) {
    guard let live = apps[new] else { return }
    let leaving = old.flatMap { apps[$0]?.quiet }
    // Its process is killed at the end of the grace, so the moment comes.
    if let old { stopApp(in: old) }
    takeovers[new]?.cancel()
    let (limit, id) = (configuration.startDeadline, live.id)
    takeovers[new] = Task {
      await leaving?.wait()
      if Task.isCancelled { return }
      await live.app.activate()
      do { try await Task.sleep(for: limit) } catch { return }
      post(.appFailed(new, reason: "did not take over within \(limit)"), of: id, new)
    }
  }

  /// - Parameter nanoseconds: monotonic.
  func hasActivated(_ id: UInt64, slot: Slot, version: UInt64, at nanoseconds: UInt64) {
    guard apps[slot]?.id == id else { return }
    takeovers.removeValue(forKey: slot)?.cancel()
    timings.note(\.switched, of: version, at: nanoseconds)
    // A new start of the same app is no switch.
    let before = lastActive.flatMap { $0.version == version ? nil : $0.quiet.nanoseconds }
    lastActive = apps[slot].map { ActiveApp(version: version, quiet: $0.quiet) }
    mailbox.post(.appActivated(slot, gapNanoseconds: before.map { nanoseconds > $0 ? nanoseconds - $0 : 0 }))
  }
}

/// The app that handles events, or was the last to.
struct ActiveApp: Sendable {
  var version: UInt64
  var quiet: QuietMoment
}
