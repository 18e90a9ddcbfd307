import TestSupport
import Testing

@testable import ServiceKit

@Suite(.seated) struct AttemptLimiterTests {
  private let start = ContinuousClock.now

  @Test func theLimitHoldsForItsWindow() throws {
    let limiter = AttemptLimiter(attempts: 3, window: .seconds(60))
    for second in 0..<3 {
      #expect(limiter.wait(of: "10.0.0.1", now: start + .seconds(second)) == nil)
      limiter.failed("10.0.0.1", now: start + .seconds(second))
    }
    #expect(limiter.wait(of: "10.0.0.1", now: start + .seconds(3)) == .seconds(57))
    #expect(limiter.wait(of: "10.0.0.2", now: start + .seconds(3)) == nil)
    #expect(limiter.wait(of: "10.0.0.1", now: start + .seconds(60)) == nil)
    limiter.failed("10.0.0.1", now: start + .seconds(61))
    #expect(limiter.wait(of: "10.0.0.1", now: start + .seconds(61)) == nil)
  }

  @Test func itsMemoryIsBounded() {
    let limiter = AttemptLimiter(attempts: 1, window: .seconds(60), capacity: 100)
    for number in 0..<10_000 {
      limiter.failed("10.0.\(number / 256).\(number % 256)", now: start + .milliseconds(number))
      #expect(limiter.count <= 101)
    }
    #expect(limiter.wait(of: "10.0.\(9_999 / 256).\(9_999 % 256)", now: start + .seconds(10)) != nil)
  }

  @Test(arguments: [
    ("2001:db8:0:1::5", "2001:db8:0:1:ffff::9", true), ("2001:db8:0:1::5", "2001:db8:0:2::5", false),
    ("2001:db8::1", "2001:db8:0:0:1::", true), ("::1", "::2", true), ("fe80::1%eth0", "fe80::2", true),
    ("10.0.0.1", "10.0.0.2", false), ("::ffff:10.0.0.1", "::ffff:10.0.0.2", false),
    ("::ffff:10.0.0.1", "10.0.0.1", true),
  ])
  func addressesOfOneNetworkCountAsOne(first: String, second: String, isSame: Bool) {
    let limiter = AttemptLimiter(attempts: 1)
    limiter.failed(first, now: start)
    #expect((limiter.wait(of: second, now: start) != nil) == isSame)
  }
}
