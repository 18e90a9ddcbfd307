import TestSupport
import Testing

@testable import Mosquitto

@Suite(.seated) struct ReconnectBackoffTests {
  @Test func waitsGrowToTheMaximumAndNeverPassIt() {
    var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(1))
    #expect(
      (0..<6).map { _ in backoff.next(fraction: 1) } == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
  }

  @Test func chanceTakesAwayUpToHalf() {
    var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(1))
    #expect(backoff.next(fraction: 0) == .milliseconds(50))
    #expect(backoff.next(fraction: 0.5) == .milliseconds(150))
  }

  @Test func aLongOutageDoesNotOverflow() {
    var backoff = ReconnectBackoff(initial: .milliseconds(250), maximum: .seconds(30))
    for _ in 0..<100_000 { #expect(backoff.next(fraction: 1) <= .seconds(30)) }
  }

  @Test func onlyAConnectionThatHeldStartsOver() {
    var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(1))
    _ = backoff.next(fraction: 1)
    backoff.connectionEnded(after: .milliseconds(20))
    #expect(backoff.next(fraction: 1) == .milliseconds(200))
    backoff.connectionEnded(after: .seconds(60))
    #expect(backoff.next(fraction: 1) == .milliseconds(100))
  }
}

extension ReconnectBackoffTests {
  @Test func twoMachinesWithOneIDWaitEverLonger() {
    var backoff = ReconnectBackoff(initial: .milliseconds(100), maximum: .seconds(30))
    var waits: [Duration] = []
    for _ in 0..<10 {
      waits.append(backoff.next(fraction: 1))
      // For as long as the other one waited.
      backoff.connectionEnded(after: .seconds(20), wasTakenOver: true)
    }
    #expect(waits.last == .seconds(30))
    #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
    backoff.connectionEnded(after: .seconds(601), wasTakenOver: true)
    #expect(backoff.next(fraction: 1) == .milliseconds(100))
  }
}
