import DeviceProtocol
import Foundations
import Testing

@testable import DeviceProtocol

@Suite struct TopicTests {
  static let id = "0b9f3a52-6c1e-4d9f-8a77-3f2f6f0f9b11"
  static let device = DeviceID(id)!

  @Test func topicsAreWhatBothEndsHaveAlwaysUsed() {
    #expect(DeviceTopic(.state, of: Self.device).name == "/devices/\(Self.id)/state")
    #expect(DeviceTopic(.presence, of: Self.device).name == "/devices/\(Self.id)/presence")
    #expect(DeviceTopic(.log, of: Self.device).name == "/devices/\(Self.id)/log")
    #expect(DeviceTopic(.crash, of: Self.device).name == "/devices/\(Self.id)/crash")
    #expect(DeviceTopic(.acknowledgement, of: Self.device).name == "/devices/\(Self.id)/ack")
    #expect(FirmwareAddress(of: Self.device, version: .max).path == "/firmware/\(Self.id)/18446744073709551615")
    #expect(FirmwareAddress.filter(of: Self.device) == "/firmware/\(Self.id)/#")
    #expect(AppTopics.prefix(of: Self.device) == "/apps/\(Self.id)/")
  }

  @Test(arguments: DeviceTopic.Subject.allCases) func aTopicIsReadAsItIsWritten(_ subject: DeviceTopic.Subject) throws {
    let topic = DeviceTopic(subject, of: Self.device)
    #expect(try DeviceTopic(parsing: topic.name) == topic)
    #expect(subject.filterOfAllDevices == "/devices/+/\(subject.rawValue)")
  }

  @Test(arguments: [
    "", "/", "devices/\(id)/state", "/devices/\(id)/state/x", "/firmware/\(id)/state", "/devices/\(id)/",
    "/devices/\(id)", "/devices/\(id)/State", "/devices/\(id)/state\u{301}", "/devices\u{301}/\(id)/state",
  ])
  func anotherTopicIsToldApart(_ topic: String) {
    #expect(throws: DeviceTopic.Invalid.otherTopic) { try DeviceTopic(parsing: topic) }
  }

  @Test(arguments: [
    "/devices//state", "/devices/\(id.uppercased())/state", "/devices/not-a-uuid/state",
    "/devices/\(id.dropLast())/state", "/devices/{\(id)}/state", "/devices/+/state",
  ])
  func anIDHasOneForm(_ topic: String) {
    #expect(throws: DeviceTopic.Invalid.deviceID) { try DeviceTopic(parsing: topic) }
  }
}
