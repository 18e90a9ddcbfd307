import DeviceProtocol
package import Foundations
import ServiceKit
import TextFormats

/// Follows a version that was given to a device until the device has proved it, or given it up.
package struct DeploymentWatch: Sendable {
  /// What is asked about the version: of the Registry, and in tests of something in its place.
  package protocol Source: Sendable {
    /// How far the device is with the version; nil if it has no such version any more.
    func progress(of device: DeviceID, version: UInt64) async throws -> RegistryHTTPClient.Progress?
    /// What is known of the device itself.
    func view(of device: DeviceID) async throws -> RegistryHTTPClient.DeviceView
  }

  private let source: any Source
  private let device: DeviceID
  private let version: UInt64
  private let interval: Duration

  /// - Parameter interval: the time between two questions.
  package init(
    _ source: any Source, device: DeviceID, version: UInt64, interval: Duration = .milliseconds(500)
  ) {
    self.source = source
    self.device = device
    self.version = version
    self.interval = interval
  }

  /// Returns when the device has confirmed the version.
  ///
  /// - Parameters:
  ///   - timeout: how long to wait in all.
  ///   - onStage: told each stage once, in order: `notified`, `trial` …
  /// - Throws: `AdminError` with the reason if the device gave the version up, another version took its place, or time
  ///   is up.
  package func follow(within timeout: Duration, onStage: (String) -> Void) async throws {
    let end = ContinuousClock.now + timeout
    var stage: String?
    var told: [String] = []
    var trouble: AdminError?
    while true {
      do {
        guard let progress = try await source.progress(of: device, version: version) else {
          throw AdminError("device \(device) has no version \(version) any more: was it deleted?")
        }
        trouble = nil
        if progress.status != stage {
          stage = progress.status
          // The Registry may hear from the device before it hears that the notification went out: what was passed by
          // then is not told any more.
          let stages = progress.stages
          let begin = told.last.flatMap { stages.lastIndex(of: $0) } ?? 0
          for passed in stages[begin...] where !told.contains(passed) {
            told.append(passed)
            onStage(passed)
          }
        }
        switch RunStatus(rawValue: progress.status) {
        case .confirmed?: return
        case let status? where status.isFailure:
          let reason = progress.failedReason.map { $0.isEmpty ? "it gave no reason" : $0 } ?? "it gave no reason"
          throw AdminError("the device \(Self.verb(status)) version \(version): \(reason)")
        default: break
        }
        if let desired = try await source.view(of: device).desired, desired.version > version {
          throw AdminError(
            "version \(desired.version) took the place of version \(version) before the device had confirmed it")
        }
      } catch let error as AdminError where error.status == .unavailable || error.status == .temporary {
        // It may come back in time.
        trouble = error
      }
      guard ContinuousClock.now < end else { throw await timeIsUp(stage, trouble, timeout) }
      try await Task.sleep(for: min(interval, max(end - .now, .milliseconds(1))))
    }
  }

  private func timeIsUp(_ stage: String?, _ trouble: AdminError?, _ timeout: Duration) async -> AdminError {
    let time = HumanText.duration(timeout)
    if let trouble {
      return AdminError("what became of version \(version) is not known after \(time): \(trouble)", status: .temporary)
    }
    var text = "the device has not confirmed version \(version) within \(time); it is \(stage ?? "assigned")"
    if let view = try? await source.view(of: device), !view.online {
      text += ", and the device is offline, last seen \(view.lastSeen ?? "never")"
    }
    return AdminError(
      "\(text). It stays assigned: xtblish-registry firmware show \(device) \(version) tells what becomes of it",
      status: .temporary)
  }

  private static func verb(_ status: RunStatus) -> String { status == .refused ? "refused" : "rolled back" }
}

extension RegistryHTTPClient: DeploymentWatch.Source {}
