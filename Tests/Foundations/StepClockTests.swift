import Foundations
import TestSupport
import Testing

@Suite(.seated) struct StepClockTests {
  @Test func stepsAreNotedWhereverTheyAreDone() async {
    let clock = StepClock(began: .now)
    StepClock.note("before")
    await StepClock.$current.withValue(clock) {
      StepClock.note("one")
      async let below: Void = StepClock.note("two")
      await below
    }
    #expect(clock.marks.map(\.name) == ["one", "two"])
    #expect(clock.marks[0].elapsed >= .zero && clock.marks[1].elapsed >= clock.marks[0].elapsed)
  }

  @Test func noMoreThanABoundedNumberIsKept() {
    let clock = StepClock(began: .now)
    for number in 0..<100 { clock.note("\(number)", at: clock.began + .microseconds(number)) }
    #expect(clock.marks.count == 16)
    #expect(clock.marks.last?.elapsed == .microseconds(15))
  }
}
