import Foundation
import Foundations
import Mosquitto
import Synchronization
import TestSupport

/// A device as its peers see it: a client of the broker that keeps all it is told.
final class PlayedDevice: Sendable {
  /// What it is told on `/firmware/{id}/{version}`.
  struct Notification: Decodable, Equatable {
    var version: UInt64
    var digest: String
    var size: UInt64
    var url: String
  }

  private struct Acknowledgement: Decodable {
    var sequences: [UInt64]
    var held: Position?
  }

  /// Where its reports have got to, or those that the Registry holds.
  struct Position: Codable, Equatable {
    var epoch: String
    var sequence: UInt64
  }

  /// What it says on `/devices/{id}/state`.
  struct Report: Encodable {
    struct Firmware: Encodable {
      var version: UInt64
      var digest: String
    }

    var sequence: UInt64
    var epoch: String?
    var supersedes: Position?
    var version: UInt64
    var digest: String
    var slot = "A"
    var status = "confirmed"
    var reason = ""
    var failed: Firmware?
  }

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
    try await client.subscribe(to: "/devices/\(id)/ack")
  }

  func disconnect() async {
    await client.close()
    await reading.value
  }

  /// All notifications so far, doubled ones too.
  func notifications() throws -> [Notification] {
    try payloads { $0.hasPrefix("/firmware/") }
  }

  /// The notifications so far of one version, by their topic.
  func notifications(ofVersion version: UInt64) throws -> [Notification] {
    try payloads { $0 == "/firmware/\(id)/\(version)" }
  }

  /// Reports what it runs, and returns when that is acknowledged.
  ///
  /// - Returns: what the Registry holds instead, if it took the report for a late one.
  @discardableResult
  func report(_ report: Report) async throws -> Position? {
    let known: [Acknowledgement] = try payloads { $0 == "/devices/\(id)/ack" }
    let payload = Array(try JSONEncoder().encode(report))
    // The broker throws away what nobody subscribes to, and the Notifier may still be about to.
    try await eventually("a subscriber to reports") {
      try await client.publish(topic: "/devices/\(id)/state", payload: payload) == .success
    }
    return try await eventuallySome("the acknowledgement of report \(report.sequence)") {
      let acknowledgements: [Acknowledgement] = try payloads { $0 == "/devices/\(id)/ack" }
      return acknowledgements.dropFirst(known.count).first { $0.sequences.contains(report.sequence) }
    }.held
  }

  private func payloads<Payload: Decodable>(_ isWanted: (String) -> Bool) throws -> [Payload] {
    let wanted = inbox.messages.withLock { $0 }.filter { isWanted($0.topic) }
    return try wanted.map { try JSONDecoder().decode(Payload.self, from: Data($0.payload)) }
  }
}
