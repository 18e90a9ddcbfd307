import Mosquitto
import TestSupport
import Testing

@testable import Agent

/// What is known of messages that nobody acknowledges, by what became of the connection after them.
@Suite(.seated) struct LooseMessagesTests {
  private let kind = LooseMessages.Kind(topic: "t", bytes: 1000)
  private let start = ContinuousClock.now

  /// As if one were sent, and the connection ended after it or not.
  private func sending(_ messages: inout LooseMessages, at time: Duration, isCut: Bool, judgedAfter wait: Duration) {
    messages.keep(messages.tries(kind), of: kind, sentAt: start + time)
    messages.judge(kind, wasCut: isCut, now: start + time + wait)
  }

  @Test func twoEndsRightAfterItMakeAKindSuspicious() {
    var messages = LooseMessages()
    sending(&messages, at: .seconds(0), isCut: true, judgedAfter: .seconds(1))
    #expect(!messages.tries(kind).goesAlone)
    sending(&messages, at: .seconds(10), isCut: true, judgedAfter: .seconds(1))
    #expect(messages.tries(kind).goesAlone && !messages.tries(kind).areHopeless)
  }

  @Test func oneThatWasOutlivedAcquitsTheOthers() {
    var messages = LooseMessages()
    sending(&messages, at: .seconds(0), isCut: true, judgedAfter: .seconds(1))
    sending(&messages, at: .seconds(10), isCut: false, judgedAfter: .seconds(3))
    #expect(messages.tries(kind).cuts == 0)
  }

  /// The connection may still end for it.
  @Test func nothingIsSaidTooEarly() {
    var messages = LooseMessages()
    sending(&messages, at: .seconds(0), isCut: true, judgedAfter: .seconds(1))
    sending(&messages, at: .seconds(10), isCut: false, judgedAfter: .seconds(1))
    #expect(messages.tries(kind).cuts == 1)
    #expect(messages.sentAt(kind) == start + .seconds(10))
    // A later one does not hide how long the first has been on its way.
    messages.keep(messages.tries(kind), of: kind, sentAt: start + .seconds(11))
    #expect(messages.sentAt(kind) == start + .seconds(10))
  }

  @Test func othersAreNotBlamed() {
    var messages = LooseMessages()
    sending(&messages, at: .seconds(0), isCut: true, judgedAfter: .seconds(1))
    for other in [LooseMessages.Kind(topic: "t", bytes: 10), LooseMessages.Kind(topic: "u", bytes: 1000)] {
      #expect(messages.tries(other).cuts == 0)
    }
    // A size near it has the same effect.
    #expect(messages.tries(LooseMessages.Kind(topic: "t", bytes: 900)).cuts == 1)
  }

  /// An app may have a topic for each message.
  @Test func manyTopicsTakeNoMoreRoom() {
    var messages = LooseMessages()
    sending(&messages, at: .seconds(0), isCut: true, judgedAfter: .seconds(1))
    for number in 0..<1000 {
      let other = LooseMessages.Kind(topic: "topic \(number)", bytes: 1)
      messages.keep(messages.tries(other), of: other, sentAt: start)
    }
    #expect(messages.tries(kind).cuts == 1)
    #expect((0..<1000).count { messages.sentAt(LooseMessages.Kind(topic: "topic \($0)", bytes: 1)) != nil } <= 32)
  }
}
