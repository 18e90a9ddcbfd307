import Foundations
import Logging
import Mosquitto
import RuntimeBundle
import RuntimeSlots
import ServiceLifecycle
import UpdateCore

/// The first minutes of a new agent: it confirms itself when it has done once what it is there for. If it doesn't get there
/// in time, it ends, and the launcher counts that.
struct RuntimeTrial: Service {
  /// The agent did not get there; the text says what was missing.
  struct Unconfirmed: Error, CustomStringConvertible {
    var description: String
  }

  private let agent: DeviceAgent
  private let store: RuntimeStore
  private let slot: Slot
  /// What was on record of it when this agent began.
  private let tried: RuntimeSlotRecord
  private let limit: Duration

  /// How often it is looked whether the agent got there.
  private static let interval = Duration.milliseconds(250)

  /// - Parameters:
  ///   - directory: the device's.
  ///   - limit: how long this start has.
  /// - Returns: nil if this program is not one that is on trial.
  init?(agent: DeviceAgent, directory: String, limit: Duration) {
    guard RuntimeStore.exists(in: directory), let store = try? RuntimeStore(directory: directory),
      let record = try? store.record(), let slot = record.trial,
      let own = PackagedRuntime.path("/proc/self/exe"),
      store.path(of: RuntimeManifest.agentName, in: slot).flatMap({ PackagedRuntime.path($0) }) == own
    else { return nil }
    self.agent = agent
    self.store = store
    self.limit = limit
    self.slot = slot
    tried = record[slot]
  }

  private var version: RuntimeVersion { tried.version }

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      let deadline = ContinuousClock.now + limit
      var missing = await agent.shortcoming()
      while let lack = missing, !Task.isCancelled {
        guard .now < deadline else {
          // Somebody may have confirmed it by hand.
          if try store.record().active == slot { return }
          throw try await unconfirmed(lack)
        }
        // Sleeps: what is missing is known to several parts, and the trial is short.
        try? await Task.sleep(for: Self.interval)
        missing = await agent.shortcoming()
      }
      guard missing == nil else { return }
      guard try store.change({ $0.confirm(tried, in: slot) }) else { return }
      await agent.note(.notice, "the agent \(version) has proved itself and is kept")
    }
    // A service that ends would end the others.
    try? await gracefulShutdown()
  }

  private func unconfirmed(_ lack: String) async throws -> Unconfirmed {
    let text = "the agent \(version) is on trial and did not get there in \(limit.components.seconds) s: \(lack)"
    await agent.note(.error, text)
    return Unconfirmed(description: "\(text). It ends; the launcher starts it again, or the one before it")
  }
}

extension DeviceAgent {
  /// What an agent must have done that is not done; nil: nothing is missing.
  func shortcoming() async -> String? {
    guard isStarted else { return "it has not started" }
    guard mqtt.isConnected else { return "it is not connected to the broker" }
    if let slot = machine.report.slot, apps[slot] == nil { return "the app does not run" }
    return await reporter.isSettled ? nil : "the Registry has not acknowledged what it runs"
  }
}
