import Foundations
import TestSupport
import Testing

@Suite(.seated) struct ByteBudgetTests {
  @Test func aBudgetLetsABurstPassAndThenItsRate() {
    let start = ContinuousClock.now
    var budget = ByteBudget(bytesPerSecond: 100, burstBytes: 1000, now: start)
    #expect(budget.spend(600, now: start) == .zero)
    #expect(budget.spend(600, now: start) == .seconds(2))
    #expect(budget.spend(100, now: start + .seconds(2)) == .seconds(1))
    // It never holds more than the burst.
    #expect(budget.spend(1000, now: start + .seconds(1000)) == .zero)
    #expect(budget.spend(50, now: start + .seconds(1000)) == .milliseconds(500))
  }
}
