import TestSupport
import Testing

@testable import Mosquitto

@Suite(.seated) struct RequestTableTests {
  private typealias Table = RequestTable<String>

  private func connectedTable(inFlight: Int = 2, queued: Int = 4, receiveMaximum: UInt16? = nil) -> Table {
    var table = Table(maximumInFlight: inFlight, maximumQueued: queued)
    _ = table.connected(receiveMaximum: receiveMaximum)
    return table
  }

  private func publication(_ topic: String = "t") -> Request {
    .publish(Publication(topic: topic, payload: [], qos: .atLeastOnce, retain: false))
  }

  private let someError = MQTTError(.connectionLost, "gone")

  @Test func aPublishIsAcknowledgedByItsMessageIDAlone() throws {
    var table = connectedTable()
    _ = try table.submit(publication(), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 7)
    #expect(table.answered(messageID: 8, reason: .success).completion == nil)
    let completion = try #require(table.answered(messageID: 7, reason: .noMatchingSubscribers).completion)
    #expect(completion.waiter == "a")
    #expect(try completion.result.get() == 0x10)
    #expect(table.answered(messageID: 7, reason: .success).completion == nil)
    #expect(table.inFlight == 0)
  }

  @Test func aFailureCodeIsAnError() throws {
    var table = connectedTable()
    _ = try table.submit(publication(), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    let completion = try #require(table.answered(messageID: 1, reason: .notAuthorized).completion)
    let error = #expect(throws: MQTTError.self) { try completion.result.get() }
    #expect(error?.code == .refused)
    #expect(error?.reasonCode == .notAuthorized)
    #expect(error?.mayHaveArrived == false)
  }

  @Test func withoutAConnectionNothingIsTaken() {
    var table = Table(maximumInFlight: 1, maximumQueued: 1)
    let outcome = table.submit(publication(), waiter: "a", deadline: nil)
    #expect(throws: MQTTError.self) { try outcome.get() }
    #expect(table.waiting == 0)
  }

  @Test func theWindowHoldsBackAndTheQueueIsBounded() throws {
    var table = connectedTable(inFlight: 2, queued: 2)
    for waiter in ["a", "b"] { _ = try table.submit(publication(), waiter: waiter, deadline: nil).get() }
    for messageID: Int32 in [1, 2] { _ = try table.sendNext(as: messageID) }
    for waiter in ["c", "d"] { _ = try table.submit(publication(), waiter: waiter, deadline: nil).get() }
    #expect(table.hasNothingToSend())
    let refused = table.submit(publication(), waiter: "e", deadline: nil)
    #expect(#expect(throws: MQTTError.self) { try refused.get() }?.code == .overloaded)
    _ = table.answered(messageID: 1, reason: .success)
    _ = try table.sendNext(as: 3)
    #expect(table.answered(messageID: 3, reason: .success).completion?.waiter == "c")
  }

  @Test func theBrokersReceiveMaximumNarrowsTheWindow() throws {
    var table = connectedTable(inFlight: 8, receiveMaximum: 1)
    for waiter in ["a", "b"] { _ = try table.submit(publication(), waiter: waiter, deadline: nil).get() }
    _ = try table.sendNext(as: 1)
    #expect(table.hasNothingToSend())
  }

  @Test func subscriptionsPassAFullWindow() throws {
    var table = connectedTable(inFlight: 1)
    _ = try table.submit(publication(), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    _ = try table.submit(publication(), waiter: "b", deadline: nil).get()
    _ = try table.submit(
      .subscribe(Subscription(filter: "f", qos: .atLeastOnce)), waiter: "c", deadline: nil
    ).get()
    #expect(try table.sendNext(as: 2) == .subscribe(Subscription(filter: "f", qos: .atLeastOnce)))
  }

  @Test func timeLimitsTellWhetherItWasSent() throws {
    var table = connectedTable(inFlight: 1)
    let start = ContinuousClock.now
    _ = try table.submit(publication(), waiter: "sent", deadline: start + .seconds(1)).get()
    _ = try table.sendNext(as: 1)
    _ = try table.submit(publication(), waiter: "queued", deadline: start + .seconds(1)).get()
    _ = try table.submit(publication(), waiter: "later", deadline: start + .seconds(2)).get()
    #expect(table.expire(now: start).isEmpty)
    let late = table.expire(now: start + .seconds(1))
    #expect(Set(late.map(\.waiter)) == ["sent", "queued"])
    for completion in late {
      let error = #expect(throws: MQTTError.self) { try completion.result.get() }
      #expect(error?.code == .timedOut)
      #expect(error?.mayHaveArrived == (completion.waiter == "sent"))
    }
    #expect(table.nextDeadline == start + .seconds(2))
    // The library still has the first: it keeps its place until the broker answers.
    #expect(table.hasNothingToSend())
    #expect(table.answered(messageID: 1, reason: .success).completion == nil)
    #expect(!table.hasNothingToSend())
  }

  @Test func aLostConnectionEndsPublishesAndKeepsSubscriptions() throws {
    var table = connectedTable(inFlight: 1)
    _ = try table.submit(publication("sent"), waiter: "sent", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    _ = try table.submit(publication("queued"), waiter: "queued", deadline: nil).get()
    let subscription = Subscription(filter: "f", qos: .atLeastOnce)
    _ = try table.submit(.subscribe(subscription), waiter: "subscriber", deadline: nil).get()
    _ = try table.sendNext(as: 2)

    let ended = table.connectionLost(someError)
    #expect(Set(ended.map(\.waiter)) == ["sent", "queued"])
    for completion in ended {
      let error = #expect(throws: MQTTError.self) { try completion.result.get() }
      #expect(error?.mayHaveArrived == (completion.waiter == "sent"))
    }
    #expect(table.hasNothingToSend())
    #expect(table.inFlight == 0)

    _ = table.connected(receiveMaximum: nil)
    #expect(try table.sendNext(as: 1) == .subscribe(subscription))
    #expect(table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1)).completion?.waiter == "subscriber")
    #expect(table.subscriptions == [subscription])
  }

  /// One that is not kept is a matter of its connection, as a publication is.
  @Test func aSubscriptionThatIsNotKeptEndsWithItsConnection() throws {
    var table = connectedTable()
    let subscription = Subscription(filter: "f", qos: .atLeastOnce, isKept: false)
    _ = try table.submit(.subscribe(subscription), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    let lost = try #require(table.connectionLost(someError).first)
    let error = #expect(throws: MQTTError.self) { try lost.result.get() }
    #expect(error?.code == .connectionLost && error?.mayHaveArrived == true)
    let offline = table.submit(.subscribe(subscription), waiter: "b", deadline: nil)
    #expect(#expect(throws: MQTTError.self) { try offline.get() }?.code == .notConnected)

    _ = table.connected(receiveMaximum: nil)
    #expect(table.hasNothingToSend())
    _ = try table.submit(.subscribe(subscription), waiter: "c", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    #expect(try table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1)).completion?.result.get() == 1)
    _ = table.connectionLost(someError)
    _ = table.connected(receiveMaximum: nil)
    #expect(table.hasNothingToSend())
    #expect(table.subscriptions.isEmpty)
  }

  @Test func everyConnectionGetsTheSubscriptionsAgain() throws {
    var table = connectedTable()
    let subscription = Subscription(filter: "f", qos: .atLeastOnce)
    _ = try table.submit(.subscribe(subscription), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    _ = table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1))

    var renewal = subscription
    renewal.isRenewal = true
    // Until an answer comes, over as many connections as it takes.
    for _ in 1...3 {
      _ = table.connectionLost(someError)
      _ = table.connected(receiveMaximum: nil)
      #expect(try table.sendNext(as: 1) == .subscribe(renewal))
    }
    _ = table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1))
    #expect(table.subscriptions == [subscription])

    _ = table.connectionLost(someError)
    _ = table.connected(receiveMaximum: nil)
    #expect(try table.sendNext(as: 1) == .subscribe(renewal))
    let refused = table.answered(messageID: 1, reason: .notAuthorized)
    #expect(refused.completion == nil)
    guard case .subscriptionLost("f", let error)? = refused.event else {
      Issue.record("no event tells of the lost subscription")
      return
    }
    #expect(error.reasonCode == .notAuthorized)
    #expect(table.subscriptions.isEmpty)
  }

  @Test func whoAsksForWhatIsBeingRenewedGetsThatAnswer() throws {
    var table = connectedTable()
    let subscription = Subscription(filter: "f", qos: .atLeastOnce)
    _ = try table.submit(.subscribe(subscription), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    _ = table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1))
    _ = table.connectionLost(someError)
    _ = table.connected(receiveMaximum: nil)
    _ = try table.submit(.subscribe(subscription), waiter: "b", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    #expect(table.hasNothingToSend())
    #expect(table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1)).completion?.waiter == "b")
  }

  @Test func whatSomebodyEndsIsNotRenewed() throws {
    var table = connectedTable()
    let subscription = Subscription(filter: "f", qos: .atLeastOnce)
    _ = try table.submit(.subscribe(subscription), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    _ = table.answered(messageID: 1, reason: MQTTReasonCode(rawValue: 1))
    _ = try table.submit(.unsubscribe(filter: "f"), waiter: "b", deadline: nil).get()
    _ = table.connectionLost(someError)
    _ = table.connected(receiveMaximum: nil)
    #expect(try table.sendNext(as: 1) == .unsubscribe(filter: "f"))
    #expect(table.hasNothingToSend())
    #expect(table.subscriptions.isEmpty)
  }

  /// What ends a connection is told as its end, whatever the broker called it: it is no judgement of what was on its way.
  @Test func theReasonOfADisconnectIsNoAnswerToAPublish() throws {
    var table = connectedTable()
    _ = try table.submit(publication(), waiter: "a", deadline: nil).get()
    _ = try table.sendNext(as: 1)
    let shuttingDown = MQTTError(.refused, "bye", reasonCode: .serverShuttingDown)
    let completion = try #require(table.connectionLost(shuttingDown).first)
    let error = #expect(throws: MQTTError.self) { try completion.result.get() }
    #expect(error?.code == .connectionLost && error?.reasonCode == .serverShuttingDown && error?.mayHaveArrived == true)
  }

  @Test func cancellingFreesWhatWasNotSent() throws {
    var table = connectedTable()
    let id = try #require(try table.submit(publication(), waiter: "a", deadline: nil).get())
    #expect(table.cancel(id)?.waiter == "a")
    #expect(table.cancel(id) == nil)
    #expect(table.hasNothingToSend())
    #expect(table.waiting == 0)
  }

  @Test func whoWaitsForAConnectionThatWasJustMadeDoesNotWaitForTheNext() throws {
    var table = Table(maximumInFlight: 1, maximumQueued: 1)
    #expect(try table.submit(.awaitConnection, waiter: "a", deadline: nil).get() != nil)
    #expect(table.connected(receiveMaximum: nil).map(\.waiter) == ["a"])
    // Its caller saw no connection and comes here after it was made.
    #expect(try table.submit(.awaitConnection, waiter: "b", deadline: nil).get() == nil)
    #expect(table.waiting == 0)
    _ = table.connectionLost(someError)
    #expect(try table.submit(.awaitConnection, waiter: "c", deadline: nil).get() != nil)
  }

  @Test func closingEndsEverything() throws {
    var table = connectedTable()
    _ = try table.submit(publication(), waiter: "a", deadline: nil).get()
    _ = try table.submit(.unsubscribe(filter: "f"), waiter: "b", deadline: nil).get()
    _ = table.connectionLost(someError)
    _ = try table.submit(.awaitConnection, waiter: "c", deadline: nil).get()
    #expect(Set(table.closeAll().map(\.waiter)) == ["b", "c"])
    #expect(table.waiting == 0)
  }
}

extension RequestTable {
  fileprivate mutating func sendNext(as messageID: Int32) throws -> Request {
    guard let next = nextToSend() else { throw TestFailure("nothing to send") }
    sent(next.id, messageID: messageID)
    return next.request
  }

  /// Asks a copy, because asking takes it off the queue.
  fileprivate func hasNothingToSend() -> Bool {
    var copy = self
    return copy.nextToSend() == nil
  }
}
