import TestSupport
import Testing

@testable import Agent

@Suite(.seated) struct HopelessMessagesTests {
  @Test func whatIsAsLargeToTheSameTopicIsOneForAWhile() {
    let now = ContinuousClock.now
    var messages = HopelessMessages()
    messages.add("a", bytes: 1000, now: now)
    #expect(messages.contain("a", bytes: 1000, now: now) && messages.contain("a", bytes: 5000, now: now))
    #expect(!messages.contain("a", bytes: 999, now: now) && !messages.contain("b", bytes: 5000, now: now))
    #expect(!messages.contain("a", bytes: 5000, now: now + .seconds(600)))
    messages.add("a", bytes: 2000, now: now + .seconds(1))
    #expect(messages.contain("a", bytes: 1000, now: now + .seconds(600)))
  }

  @Test func fewTopicsAreRemembered() {
    let now = ContinuousClock.now
    var messages = HopelessMessages()
    for topic in 0..<100 { messages.add("\(topic)", bytes: 1, now: now + .seconds(topic)) }
    #expect((0..<100).count { messages.contain("\($0)", bytes: 1, now: now + .seconds(100)) } == 16)
    #expect(messages.contain("99", bytes: 1, now: now + .seconds(100)))
  }
}
