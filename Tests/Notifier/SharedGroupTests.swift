import Foundation
import Foundations
import Mosquitto
import ServiceKit
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

/// The broker lets a device join any group of subscribers, and then gives it a share of what is meant for Notifiers.
@Suite(.seated, .timeLimit(.minutes(10))) struct SharedGroupTests {
  @Test func aDeviceThatDoesNotKnowTheGroupTakesNothingAway() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let secret = ["XTBLISH_MQTT_USERNAME": "notifier", "XTBLISH_MQTT_PASSWORD": "known to Notifiers alone"]
    let replica = try await Replica.start(broker: broker, registry: registry, secret)
    try await replica.waitUntilReady()
    let thief = try await deviceClient(broker)
    for filter in BrokerPassword.shared(ReportIntake.subjects.union(DiagnosticIntake.subjects), in: "notifier") {
      try await thief.subscribe(to: filter)
    }
    let client = try await deviceClient(broker)
    let devices = (0..<20).map { _ in DeviceID.random() }
    for device in devices { #expect(try await report(client, device, sequence: 1) == .success) }
    let expected = Set(devices.map { Data($0.bytes) })
    try await eventually("all reports at the Registry") {
      Set(registry.reports.map(\.deviceID)).isSuperset(of: expected)
    }
    await thief.close()
    await client.close()
    try await replica.stop()
  }

  @Test func replicasFindTheSameGroupAndOthersDoNot() throws {
    func group(_ environment: [String: String]) throws -> String {
      try BrokerPassword(NotifierSettings.load(environment: environment).0).sharedGroup()
    }
    let user = ["XTBLISH_MQTT_USERNAME": "notifier"]
    let one = try group(user.merging(["XTBLISH_MQTT_PASSWORD": "one"]) { $1 })
    let folder = try TemporaryFolder("xtblish-notifier")
    let file = folder.path("password")
    _ = FileManager.default.createFile(
      atPath: file, contents: Data("one\n".utf8), attributes: [.posixPermissions: 0o600])
    #expect(try group(user.merging(["XTBLISH_MQTT_PASSWORD_FILE": file]) { $1 }) == one)
    #expect(try group(user.merging(["XTBLISH_MQTT_PASSWORD": "two"]) { $1 }) != one)
    #expect(!one.contains("one/") && !one.hasSuffix("one"))
    #expect(try group([:]) == "notifier")
    // What others may read is no password.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    #expect(throws: (any Error).self) { try group(user.merging(["XTBLISH_MQTT_PASSWORD_FILE": file]) { $1 }) }
    #expect(throws: (any Error).self) { try group(["XTBLISH_MQTT_PASSWORD_FILE": file]) }
  }
}
