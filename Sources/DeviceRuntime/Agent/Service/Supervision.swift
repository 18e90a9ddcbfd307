import DeviceProtocol
import Foundations
import Mosquitto
import ServiceKit
import ServiceLifecycle
import UpdateCore

/// Tells the service manager that started the agent that it is ready, that it lives, and what it does.
///
/// The sign of life is given by the agent itself, between two events: an agent that is stuck gives none, and is started
/// anew. Nothing is told while it does not come to that.
struct Supervision: Service {
  let agent: DeviceAgent
  let manager: ServiceManager
  /// The time between two signs of life.
  private let interval: Duration

  /// The longest time between two lines of status.
  private static let longestInterval = Duration.seconds(30)

  init(agent: DeviceAgent, manager: ServiceManager) {
    self.agent = agent
    self.manager = manager
    // Two may be late before the manager acts.
    interval = min(manager.watchdog.map { $0 / 3 } ?? Self.longestInterval, Self.longestInterval)
  }

  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown { await self.tellAll() }
    } onGracefulShutdown: {
      manager.tell(.stopping, .status("ending"))
    }
  }

  private func tellAll() async {
    let (manager, mailbox) = (manager, agent.mailbox)
    let isReady = TaskSignal()
    mailbox.onNextTurn {
      manager.tell(.ready, .alive)
      isReady.wake()
    }
    await isReady.wait(upTo: nil)
    while !Task.isCancelled {
      let line = await agent.statusLine()
      mailbox.onNextTurn { manager.tell(.alive, .status(line)) }
      do { try await Task.sleep(for: interval) } catch { return }
    }
  }
}

extension DeviceAgent {
  /// What it does, in a line.
  func statusLine() -> String {
    let broker = mqtt.isConnected ? "connected to the broker" : "not connected to the broker"
    let report = machine.report
    guard report.slot != nil else { return "\(broker); runs no app yet" }
    return "\(broker); runs version \(report.version)\(report.status == .trial ? " on trial" : "")"
  }
}
