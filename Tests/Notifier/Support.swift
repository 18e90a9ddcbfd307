import Foundation
import Foundations
import Logging
import Messaging
import Mosquitto
import ServiceHosting
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import TestPeers
import TestSupport
import Wire

@testable import NotifierServer

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A notifier in this process, with a client of its own RPC.
final class Replica: Sendable {
  let endpoint: String
  let readiness: Readiness
  private let group: ServiceGroup
  private let task: Task<Void, any Error>

  private init(endpoint: String, readiness: Readiness, group: ServiceGroup, task: Task<Void, any Error>) {
    self.endpoint = endpoint
    self.readiness = readiness
    self.group = group
    self.task = task
  }

  static func start(
    broker: MosquittoServer, registry: RecordingRegistry, _ more: [String: String] = [:]
  ) async throws -> Replica {
    var environment = [
      "XTBLISH_NOTIFIER_RPC_LISTEN": "tcp://127.0.0.1:0", "XTBLISH_NOTIFIER_OPERATIONS_LISTEN": "127.0.0.1:0",
      "XTBLISH_MQTT_HOST": broker.host,
      "XTBLISH_MQTT_PORT": "\(broker.port)", "XTBLISH_REGISTRY_ENDPOINTS": registry.endpoint,
      "XTBLISH_IMAGE_STORE_URLS": "http://one:1/,http://two:2",
    ]
    environment.merge(more) { $1 }
    environment["XTBLISH_INSECURE"] = "true"
    let loaded = try NotifierSettings.load(environment: environment)
    let parts = try await HostedParts<Notifier>(
      PreparedProcess(
        settings: loaded.settings, process: loaded.process, bus: .insecure, metrics: MetricsRegistry(), logger: silent))
    let group = ServiceGroup(services: parts.services, logger: silent)
    let task = Task { try await group.run() }
    return Replica(
      endpoint: try await parts.rpc.boundAddress(), readiness: parts.readiness, group: group, task: task)
  }

  func waitUntilReady() async throws {
    try await eventually("a ready notifier") { await readiness.isReady() }
  }

  func call<R: WireRequest>(_ request: R, deadline: Duration = .seconds(10)) async throws -> R.Response {
    try await withRPCClient(endpoints: [endpoint], logger: silent) { client in
      try await client.call(request, deadline: deadline)
    }
  }

  func stop() async throws {
    await group.triggerGracefulShutdown()
    try await task.value
  }
}

func notification(_ device: DeviceID, _ version: UInt64) -> WireNotification {
  WireNotification.with {
    $0.deviceID = Data(device.bytes)
    $0.version = version
    $0.digest = Data(repeating: 0xAB, count: 32)
    $0.sizeBytes = 100_544
  }
}

/// A client that plays devices.
func deviceClient(_ broker: MosquittoServer, kept clientID: String? = nil) async throws -> MQTTClient {
  var options = MQTTClientOptions(
    host: broker.host, port: UInt16(broker.port), clientID: clientID ?? "device-\(UInt64.random(in: .min ... .max))")
  options.reconnectInitialDelay = .milliseconds(20)
  options.reconnectMaximumDelay = .milliseconds(200)
  if clientID != nil {
    options.cleanStart = false
    options.sessionExpirySeconds = 600
  }
  let client = try MQTTClient(options: options)
  try client.start()
  try await client.waitUntilConnected(timeout: patience)
  return client
}

func report(_ client: MQTTClient, _ device: DeviceID, sequence: Int) async throws -> MQTTReasonCode {
  try await client.publish(
    topic: "/devices/\(device)/state", payload: Array(ReportParsingTests.state(sequence: "\(sequence)").utf8))
}

/// The error that a call answers.
func failure(_ body: () async throws -> Void) async throws -> WireFailure {
  do {
    try await body()
  } catch let failure as WireFailure {
    return failure
  }
  throw TestFailure("no failure was told")
}
