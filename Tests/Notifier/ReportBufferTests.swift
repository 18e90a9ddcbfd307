import Foundations
import TestSupport
import Testing
import Wire

@testable import NotifierServer

@Suite(.seated) struct ReportBufferTests {
  private func payload(_ sequence: UInt64) throws -> StatePayload {
    try StatePayload(Array(ReportParsingTests.state(sequence: "\(sequence)").utf8))
  }

  @Test func theNewestStateOfADeviceWins() throws {
    var buffer = ReportBuffer(maximumDevices: 10)
    let device = DeviceID.random()
    for sequence: UInt64 in [5, 9, 7, 9] { buffer.add(try payload(sequence), of: device) }
    #expect(buffer.take(10).map(\.sequence) == [9])
    #expect(buffer.superseded == 3)
    #expect(buffer.isEmpty)
    #expect(buffer.take(10).isEmpty)
  }

  /// Numbers of two lives of a flash can't be compared: the Registry decides on the one that came last.
  @Test func ofAnotherEpochTheLastToComeWins() throws {
    var buffer = ReportBuffer(maximumDevices: 10)
    let device = DeviceID.random()
    buffer.add(try payload(9), of: device)
    let more = #","epoch":"00000000000000a1","supersedes":{"epoch":"","sequence":9}"#
    buffer.add(try StatePayload(Array(ReportParsingTests.state(sequence: "2", more: more).utf8)), of: device)
    let report = try #require(buffer.take(10).first)
    #expect(report.sequence == 2 && report.epoch == 0xA1)
    #expect(report.hasSupersedes && report.supersedes.sequence == 9)
  }

  @Test func theLatestPresenceWinsAndGoesFirst() throws {
    var buffer = ReportBuffer(maximumDevices: 10)
    let device = DeviceID.random()
    buffer.add(try payload(1), of: device)
    buffer.add(isOnline: true, of: device)
    buffer.add(isOnline: false, of: device)
    let reports = buffer.take(10)
    #expect(reports.map(\.content) == [.online(false), .state(try payload(1).state)])
    #expect(reports.map(\.sequence) == [0, 1])
  }

  @Test func atTheBoundFurtherDevicesAreDroppedAndKnownOnesAreNot() throws {
    var buffer = ReportBuffer(maximumDevices: 2)
    let known = DeviceID.random()
    buffer.add(try payload(1), of: known)
    buffer.add(isOnline: true, of: .random())
    buffer.add(try payload(1), of: .random())
    buffer.add(try payload(2), of: known)
    #expect(buffer.count == 2)
    #expect(buffer.dropped == 1)
    #expect(buffer.take(10).map(\.sequence).sorted() == [0, 2])
  }

  @Test func nothingIsLostAcrossBatchesOfAnySize() throws {
    for limit in 1...7 {
      var buffer = ReportBuffer(maximumDevices: 10_000)
      var devices: [DeviceID] = []
      for _ in 0..<3_000 {
        let device = DeviceID.random()
        devices.append(device)
        buffer.add(try payload(1), of: device)
        buffer.add(isOnline: true, of: device)
      }
      var taken: [DeviceID] = []
      while !buffer.isEmpty {
        let batch = buffer.take(limit)
        #expect(!batch.isEmpty && batch.count <= limit)
        taken += batch.filter { $0.sequence > 0 }.compactMap { DeviceID(bytes: $0.deviceID) }
      }
      #expect(taken == devices)
    }
  }
}
