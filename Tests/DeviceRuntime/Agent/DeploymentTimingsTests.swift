import DeviceProtocol
import Foundations
import TestSupport
import Testing
import UpdateCore

@testable import Agent

/// What a device remembers of the way of a version to it.
@Suite(.seated) struct DeploymentTimingsTests {
  private let trace = TraceContext(isSampled: true, requestID: "build-7")

  private func timings(_ version: UInt64 = 7, arrived: UInt64 = 1_000_000) -> DeploymentTimings {
    let timings = DeploymentTimings()
    timings.noteArrival(of: version, in: trace, at: arrived)
    return timings
  }

  private func offer(_ version: UInt64) throws -> FirmwareOffer {
    FirmwareOffer(
      version: version, digest: try #require(SHA256Digest("sha256:" + String(repeating: "ab", count: 32))),
      sizeBytes: 644, url: "")
  }

  @Test func momentsCountFromTheNotificationsArrival() throws {
    let timings = timings()
    timings.note(\.headChecked, of: 7, at: 3_000_999)
    timings.noteDownload(of: try offer(7), at: 4_000_000)
    timings.note(\.firstLine, of: 7, at: 9_000_000)
    let message = try #require(timings.message(of: 7, at: 11_000_000))
    #expect(message.headChecked == 2_000 && message.downloadBegun == 3_000 && message.firstLine == 8_000)
    #expect(message.reported == 10_000 && message.imageBytes == 644 && message.switched == nil)
    #expect(message.parentSpan == trace.spanID)
    #expect(timings.message(of: 8) == nil)
  }

  @Test func theDevicesOwnWorkIsAPartOfTheNotificationsTrace() throws {
    let own = try #require(timings().trace(of: 7))
    #expect(own.traceID == trace.traceID && own.parentSpanID == trace.spanID && own.requestID == "build-7")
  }

  @Test func aMomentCountsTheFirstTime() {
    let timings = timings()
    timings.note(\.firstLine, of: 7, at: 2_000_000)
    timings.note(\.firstLine, of: 7, at: 5_000_000)
    #expect(timings.message(of: 7)?.firstLine == 1_000)
  }

  @Test func aDownloadThatBeginsAnewLeavesNothingOfTheOneBefore() throws {
    let timings = timings()
    timings.noteDownload(of: try offer(7), at: 2_000_000)
    timings.note(\.downloaded, of: 7, at: 3_000_000)
    timings.note(\.verified, of: 7, at: 4_000_000)
    timings.noteDownload(of: try offer(7), at: 5_000_000)
    let message = timings.message(of: 7)
    #expect(message?.downloadBegun == 4_000 && message?.downloaded == nil && message?.verified == nil)
  }

  @Test func aNotificationThatIsRepeatedCountsUntilSomethingWasDoneForIt() {
    let timings = timings()
    timings.noteArrival(of: 7, in: nil, at: 2_000_000)
    timings.note(\.headChecked, of: 7, at: 3_000_000)
    timings.noteArrival(of: 7, in: trace, at: 9_000_000)
    #expect(timings.message(of: 7)?.headChecked == 1_000)
    #expect(timings.trace(of: 7) == nil)
  }

  @Test func whatWasToldIsNotToldAgainAndKeepsItsTrace() {
    let timings = timings()
    timings.settle(7)
    #expect(timings.message(of: 7) == nil && timings.trace(of: 7) != nil)
  }

  @Test func theHighestVersionsAreRemembered() {
    let timings = DeploymentTimings()
    for version in 1...20 as ClosedRange<UInt64> { timings.noteArrival(of: version, in: nil) }
    #expect(timings.message(of: 12) == nil && timings.message(of: 13) != nil)
  }
}
