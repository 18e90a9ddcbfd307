import DeviceProtocol
import Foundation
import Foundations
import Mosquitto
import Synchronization
import TestSupport

/// A device as its peers see it: a client of the broker that keeps all it is told. It speaks as `DeviceProtocol` says.
final class PlayedDevice: Sendable {
  private final class Inbox: Sendable {
    let messages = Mutex<[MQTTMessage]>([])
  }

  let id: DeviceID
  private let client: MQTTClient
  private let inbox = Inbox()
  private let reading: Task<Void, Never>

  /// Connects, and returns when the broker has taken its subscriptions.
  init(_ id: DeviceID, broker: MosquittoServer) async throws {
    self.id = id
    let client = try MQTTClient(
      options: MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "device-\(id)"))
    self.client = client
    reading = Task { [inbox] in
      for await message in client.messages { inbox.messages.withLock { $0.append(message) } }
    }
    try client.start()
    try await client.subscribe(to: "/firmware/\(id)/#")
    try await client.subscribe(to: DeviceTopic(.acknowledgement, of: id).name)
  }

  func disconnect() async {
    await client.close()
    await reading.value
  }

  /// All notifications so far, doubled ones too.
  func notifications() throws -> [NotificationMessage] {
    try payloads { $0.hasPrefix("/firmware/") }
  }

  /// The notifications so far of one version, by their topic.
  func notifications(ofVersion version: UInt64) throws -> [NotificationMessage] {
    try payloads { $0 == "/firmware/\(id)/\(version)" }
  }

  /// Reports what it runs, and returns when that is acknowledged.
  ///
  /// - Returns: what the Registry holds instead, if it took the report for a late one.
  @discardableResult
  func report(_ report: StateMessage) async throws -> StateMessage.Position? {
    let known = try acknowledgements()
    let payload = Array(try JSONEncoder().encode(report))
    // The broker throws away what nobody subscribes to, and the Notifier may still be about to.
    try await eventually("a subscriber to reports") {
      try await client.publish(topic: DeviceTopic(.state, of: id).name, payload: payload) == .success
    }
    return try await eventuallySome("the acknowledgement of report \(report.sequence)") {
      try acknowledgements().dropFirst(known.count).first { $0.sequences.contains(report.sequence) }
    }.held
  }

  private func acknowledgements() throws -> [AcknowledgementMessage.Reports] {
    let topic = DeviceTopic(.acknowledgement, of: id).name
    let messages: [AcknowledgementMessage] = try payloads { $0 == topic }
    return messages.compactMap(\.reports)
  }

  private func payloads<Payload: Decodable>(_ isWanted: (String) -> Bool) throws -> [Payload] {
    let wanted = inbox.messages.withLock { $0 }.filter { isWanted($0.topic) }
    return try wanted.map { try JSONDecoder().decode(Payload.self, from: Data($0.payload)) }
  }
}

extension StateMessage {
  /// What a device says that runs the version, if nothing else is said.
  init(
    sequence: UInt64, epoch: String? = nil, supersedes: Position? = nil, version: UInt64, digest: String,
    slot: String = "A", status: String = "confirmed", reason: String = "", failed: Failed? = nil
  ) {
    self.init(
      sequence: sequence, epoch: epoch, supersedes: supersedes, version: version, digest: digest, slot: slot,
      status: status, reason: reason, failed: failed, switchGapNanoseconds: nil, waiting: nil, run: nil)
  }
}
