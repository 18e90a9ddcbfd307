import DeviceProtocol
import Metrics
import Mosquitto
import ServiceLifecycle

/// A connection of its own on which messages of devices come, each to one of the replicas, and from which lanes take
/// them to the Registry.
struct IntakeConnection: Sendable {
  let broker: BrokerConnection
  private let sharedFilters: [String]
  private let drainTime: Duration
  private let receivedBytes: Counter

  /// - Parameters:
  ///   - subjects: of devices' messages that replicas share.
  ///   - group: in which they share it.
  ///   - drainTime: for the last batches after graceful shutdown began.
  init(_ broker: BrokerConnection, subjects: Set<DeviceTopic.Subject>, group: String, drainTime: Duration = .seconds(5))
  {
    self.broker = broker
    sharedFilters = BrokerPassword.shared(subjects, in: group)
    self.drainTime = drainTime
    receivedBytes = Counter(label: "notifier_received_bytes_total", dimensions: [("connection", broker.purpose)])
  }

  /// Runs until graceful shutdown, and then until the lanes have recorded what they have or the time for it is over.
  ///
  /// - Parameters:
  ///   - alongside: runs while messages are subscribed to.
  ///   - take: hands a message to one of the lanes.
  func run(
    _ lanes: [any RecordingLane], alongside: @escaping @Sendable () async -> Void = {},
    take: @escaping @Sendable (MQTTMessage) -> Void
  ) async throws {
    try broker.client.start()
    await withTaskGroup { recording in
      recording.addTask {
        await withTaskGroup { group in
          for lane in lanes { group.addTask { await lane.run() } }
        }
      }
      await takeUntilShutdown(alongside, take)
      for lane in lanes { lane.finish() }
      // Devices send again what can't be recorded in time.
      recording.addTask { try? await Task.sleep(for: drainTime) }
      await recording.next()
      recording.cancelAll()
    }
  }

  private func takeUntilShutdown(
    _ alongside: @escaping @Sendable () async -> Void, _ take: @escaping @Sendable (MQTTMessage) -> Void
  ) async {
    await withTaskGroup { group in
      group.addTask { await broker.follow() }
      group.addTask {
        for await message in broker.client.messages {
          receivedBytes.increment(by: message.payload.count)
          take(message)
        }
      }
      await withTaskGroup { subscribing in
        subscribing.addTask { await broker.subscribe(to: sharedFilters) }
        subscribing.addTask { await alongside() }
        try? await gracefulShutdown()
        subscribing.cancelAll()
      }
      // The broker gives further ones to other replicas. It ends the first two tasks too.
      await broker.client.close()
    }
  }
}
