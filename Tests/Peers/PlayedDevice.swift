package import DeviceProtocol
import Foundation
package import Foundations
import Mosquitto
import Synchronization
package import TestSupport

/// A device as its peers see it: a client of the broker that keeps all it is told. It speaks as `DeviceProtocol` says.
package final class PlayedDevice: Sendable {
  private final class Inbox: Sendable {
    let messages = Mutex<[MQTTMessage]>([])
  }

  package let id: DeviceID
  private let client: MQTTClient
  private let inbox = Inbox()
  private let reading: Task<Void, Never>

  /// Connects, and returns when the broker has taken its subscriptions.
  package init(_ id: DeviceID, broker: MosquittoServer) async throws {
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

  package func disconnect() async {
    await client.close()
    await reading.value
  }

  /// All notifications so far, doubled ones too.
  package func notifications() throws -> [NotificationMessage] {
    try payloads { $0.hasPrefix("/firmware/") }
  }

  /// The notifications so far of one version, by their topic.
  package func notifications(ofVersion version: UInt64) throws -> [NotificationMessage] {
    try payloads { $0 == "/firmware/\(id)/\(version)" }
  }

  /// Reports what it runs, and returns when that is acknowledged.
  ///
  /// - Returns: what the Registry holds instead, if it took the report for a late one.
  @discardableResult
  package func report(_ report: StateMessage) async throws -> StateMessage.Position? {
    try await say(report, about: .state, "the acknowledgement of report \(report.sequence)") { message in
      message.reports.flatMap { $0.sequences.contains(report.sequence) ? $0 : nil }
    }.held
  }

  /// Sends lines of its log, and returns up to which of them need not be sent again once that is acknowledged.
  @discardableResult
  package func send(_ lines: LogMessage) async throws -> UInt64 {
    try await say(lines, about: .log, "the acknowledgement of lines") { message in
      message.log.flatMap { $0.log == lines.log ? $0 : nil }
    }.through
  }

  /// Tells of a crash, and returns when that is acknowledged.
  package func send(_ crash: CrashReport) async throws {
    _ = try await say(crash, about: .crash, "the acknowledgement of a crash") { message in
      message.crashes.contains(crash.id) ? crash.id : nil
    }
  }

  /// Says something, and does not wait for an answer.
  package func say(_ message: some Encodable, about subject: DeviceTopic.Subject) async throws {
    let payload = Array(try JSONEncoder().encode(message))
    // The broker throws away what nobody subscribes to, and the Notifier may still be about to.
    try await eventually("a subscriber to \(subject.rawValue)") {
      try await client.publish(topic: DeviceTopic(subject, of: id).name, payload: payload) == .success
    }
  }

  /// All that was acknowledged so far.
  package func acknowledgements() throws -> [AcknowledgementMessage] {
    let topic = DeviceTopic(.acknowledgement, of: id).name
    return try payloads { $0 == topic }
  }

  /// Says something and waits for the answer that comes after it.
  private func say<Answer>(
    _ message: some Encodable, about subject: DeviceTopic.Subject, _ awaited: String,
    _ answer: (AcknowledgementMessage) -> Answer?
  ) async throws -> Answer {
    let known = try acknowledgements().count
    try await say(message, about: subject)
    return try await eventuallySome(awaited) { try acknowledgements().dropFirst(known).compactMap(answer).first }
  }

  private func payloads<Payload: Decodable>(_ isWanted: (String) -> Bool) throws -> [Payload] {
    let wanted = inbox.messages.withLock { $0 }.filter { isWanted($0.topic) }
    return try wanted.map { try JSONDecoder().decode(Payload.self, from: Data($0.payload)) }
  }
}

extension StateMessage {
  /// What a device says that runs the version, if nothing else is said.
  package init(
    sequence: UInt64, epoch: String? = nil, supersedes: Position? = nil, version: UInt64, digest: String,
    slot: String = "A", status: String = "confirmed", reason: String = "", failed: Failed? = nil
  ) {
    self.init(
      sequence: sequence, epoch: epoch, supersedes: supersedes, version: version, digest: digest, slot: slot,
      status: status, reason: reason, failed: failed, switchGapNanoseconds: nil, waiting: nil, run: nil)
  }
}
