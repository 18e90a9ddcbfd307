import Foundation
import TestSupport
import Testing

@testable import DeviceCredentials

@Suite(.seated) struct RenewalScheduleTests {
  private let begin = Date(timeIntervalSinceReferenceDate: 800_000_000)

  /// Two thirds of 90 days are 60, and the jitter is a thirtieth of the life: 3 days.
  @Test(arguments: [(-1.0, 57.0), (0, 60), (1, 63)])
  func aCertificateIsDueAtTwoThirdsOfItsLife(fraction: Double, days: Double) {
    let schedule = RenewalSchedule(notBefore: begin, notAfter: begin.addingTimeInterval(90 * 86_400))
    #expect(abs(schedule.due(fraction: fraction).timeIntervalSince(begin) - days * 86_400) < 1)
  }

  @Test func attemptsThatFailFitOftenIntoTheLastThird() {
    for seconds in [15, 3600, 7_776_000] as [Double] {
      let schedule = RenewalSchedule(notBefore: begin, notAfter: begin.addingTimeInterval(seconds))
      #expect(schedule.retries.longest <= .seconds(seconds / 6))
      #expect(schedule.retries.first > .zero)
    }
  }

  @Test func aLifeThatIsOverIsStillNoReasonToAskWithoutAPause() {
    let schedule = RenewalSchedule(notBefore: begin, notAfter: begin.addingTimeInterval(-60))
    #expect(schedule.due(fraction: 1) == begin)
    #expect(schedule.retries.first >= .milliseconds(100))
  }
}
