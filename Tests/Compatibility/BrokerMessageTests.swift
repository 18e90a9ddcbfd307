import Agent
import DeviceProtocol
import Foundation
import Foundations
import TestSupport
import Testing
import UpdateCore
import Wire

@testable import NotifierServer

/// What the last release's devices and services say at the broker is taken by today's.
@Suite(.seated) struct BrokerMessageTests {
  /// The payloads on topics of devices, by what they are about.
  private static func messages(_ subject: DeviceTopic.Subject) throws -> [(device: DeviceID, payload: [UInt8])] {
    let found = try Recorded.broker().compactMap { message -> (device: DeviceID, payload: [UInt8])? in
      guard let topic = try? DeviceTopic(parsing: message.topic), topic.subject == subject else { return nil }
      return (topic.device, Array(message.payload))
    }
    guard !found.isEmpty else { throw TestFailure("nothing about \(subject) was recorded") }
    return found
  }

  @Test func noReportOfAnOlderAgentIsRefused() throws {
    for (_, payload) in try Self.messages(.state) {
      let report = try StatePayload(payload)
      #expect(report.sequence > 0 && report.position.epoch != 0 && report.run.count == StatePayload.runBytes)
    }
    for (_, payload) in try Self.messages(.presence) { #expect(Presence(payload: payload) != nil) }
  }

  @Test func noLogOrCrashOfAnOlderAgentIsRefused() throws {
    for (device, payload) in try Self.messages(.log) {
      #expect(try !LogPayload.batch(payload, of: device).lines.isEmpty)
    }
    for (device, payload) in try Self.messages(.crash) {
      let report = try CrashPayload.report(payload, of: device)
      #expect(report.appName == "crash" && !report.frames.isEmpty)
    }
  }

  @Test func anAgentTakesTheNotificationsOfOlderServices() throws {
    var count = 0
    for message in try Recorded.broker() {
      guard let address = FirmwareAddress(parsing: message.topic) else { continue }
      let notification = try FirmwareNotification(
        topic: message.topic, payload: Array(message.payload), device: address.device)
      #expect(notification.version == address.version)
      count += 1
    }
    #expect(count > 0)
  }

  @Test func anAgentTakesTheAcknowledgementsOfOlderServices() throws {
    var subjects: Set<String> = []
    for (_, payload) in try Self.messages(.acknowledgement) {
      let message = AcknowledgementMessage.read(payload)
      if message.reports != nil { subjects.insert("reports") }
      if message.log != nil { subjects.insert("log") }
      #expect(message != AcknowledgementMessage())
    }
    #expect(!subjects.isEmpty)
  }
}
