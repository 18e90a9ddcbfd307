import DeviceProtocol
import Foundations
import TestSupport
import Testing

@testable import Agent
@testable import UpdateCore

@Suite(.seated) struct FirmwareNotificationTests {
  static let device = DeviceID("0f8fad5b-d9cb-469f-a165-70867728950e")!
  static let digest = "sha256:" + String(repeating: "ab", count: 32)

  @Test func aNotificationIsRead() throws {
    let json = #"{"version":7,"digest":"\#(Self.digest)","size":100544,"url":"http://h/firmware/x/7","more":[1]}"#
    let notification = try FirmwareNotification(
      topic: "/firmware/\(Self.device)/7", payload: Array(json.utf8), device: Self.device)
    #expect(notification.version == 7)
    #expect(notification.digest.description == Self.digest)
    #expect(notification.sizeBytes == 100544)
    #expect(notification.url == "http://h/firmware/x/7")
  }

  @Test func theHighestVersionIsRead() throws {
    let json = #"{"version":18446744073709551615,"digest":"\#(Self.digest)","size":600}"#
    let notification = try FirmwareNotification(
      topic: "/firmware/\(Self.device)/18446744073709551615", payload: Array(json.utf8), device: Self.device)
    #expect(notification.version == .max)
    #expect(notification.url.isEmpty)
  }

  static let hostile: [(topic: String, payload: String)] = {
    let topic = "/firmware/\(device)/7"
    let good = #"{"version":7,"digest":"\#(digest)","size":600,"url":"http://h/"}"#
    return [
      (topic, ""), (topic, "null"), (topic, "[]"), (topic, "7"), (topic, "{"), (topic, "{}"),
      (topic, "\u{0}\u{1}\u{2}"), (topic, String(repeating: "[", count: 10_000)),
      (topic, #"{"version":7}"#),
      (topic, #"{"version":"7","digest":"\#(digest)","size":600}"#),
      (topic, #"{"version":8,"digest":"\#(digest)","size":600}"#),
      (topic, #"{"version":-7,"digest":"\#(digest)","size":600}"#),
      (topic, #"{"version":7.5,"digest":"\#(digest)","size":600}"#),
      (topic, #"{"version":18446744073709551623,"digest":"\#(digest)","size":600}"#),
      (topic, #"{"version":7,"digest":"\#(digest.dropLast())","size":600}"#),
      (topic, #"{"version":7,"digest":"\#(digest.dropFirst(7))","size":600}"#),
      (topic, #"{"version":7,"digest":"md5:00","size":600}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":0}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":544}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":-600}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":18446744073709551615}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":600,"url":7}"#),
      (topic, #"{"version":7,"digest":"\#(digest)","size":600,"url":"\#(String(repeating: "u", count: 3000))"}"#),
      (topic, good + String(repeating: " ", count: 20_000)),
      ("/firmware/\(device)/0", #"{"version":0,"digest":"\#(digest)","size":600}"#),
      ("/firmware/\(device)/07", good), ("/firmware/\(device)", good), ("/firmware/\(device)/7/8", good),
      ("/firmware/\(device)/", good), ("firmware/\(device)/7", good),
      ("/firmware/\(DeviceID.random())/7", good), ("/firmware//7", good), ("/devices/\(device)/7", good),
    ]
  }()

  @Test(arguments: hostile.indices) func anythingElseIsRefused(_ index: Int) {
    let (topic, payload) = Self.hostile[index]
    #expect(throws: InvalidNotification.self) {
      try FirmwareNotification(topic: topic, payload: Array(payload.utf8), device: Self.device)
    }
  }

  @Test func aReportHasTheAgreedForm() throws {
    // It keeps version 7, and not version 8.
    var machine = UpdateMachine(record: BootRecord())
    _ = machine.handle(.started(pending: nil))
    for (version, slot) in [(7, .a), (8, .b)] as [(UInt64, Slot)] {
      let digest = try #require(SHA256Digest(bytes: [UInt8](repeating: UInt8(version), count: 32)))
      _ = machine.handle(.offered(FirmwareOffer(version: version, digest: digest, sizeBytes: 600, url: "")))
      _ = machine.handle(.downloaded(version: version))
      _ = machine.handle(.staged(version: version))
      _ = machine.handle(.appStarted(slot))
      _ = machine.handle(.appActivated(slot, gapNanoseconds: 1_000_000))
      if version == 7 { _ = machine.handle(.healthConfirmed(slot)) }
    }
    _ = machine.handle(.appFailed(.b, reason: "trapped: \"unreachable\""))
    let position = StateMessage.Position(epoch: "00000000000000a1", sequence: 4_294_967_297)
    let held = StateMessage.Position(epoch: "00000000000000b2", sequence: 7)
    let json = String(decoding: try machine.report.json(at: position, supersedes: held), as: UTF8.self)
    let eight = String(repeating: "08", count: 32)
    let seven = String(repeating: "07", count: 32)
    #expect(
      json
        == #"{"digest":"sha256:\#(seven)","epoch":"00000000000000a1","failed":{"digest":"sha256:\#(eight)","version":8},"#
        + #""reason":"trapped: \"unreachable\"","sequence":4294967297,"slot":"A","status":"rolled-back","supersedes":{"epoch":"00000000000000b2","sequence":7},"switchGapNanoseconds":1000000,"version":7}"#
    )
  }

  @Test func aDeviceWithNothingSaysSo() throws {
    let position = StateMessage.Position(epoch: "00000000000000a1", sequence: 1)
    let json = String(decoding: try UpdateMachine(record: BootRecord()).report.json(at: position), as: UTF8.self)
    #expect(
      json
        == #"{"digest":"","epoch":"00000000000000a1","reason":"","sequence":1,"slot":"","status":"confirmed","version":0}"#
    )
  }
}
