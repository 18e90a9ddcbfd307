import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct ReconnectTests {
  /// Waits for the next event of the kind that `match` wants.
  private func event(
    _ client: MQTTClient, _ match: @escaping @Sendable (MQTTConnectionEvent) -> Bool
  ) async throws -> MQTTConnectionEvent {
    let found = try await within("an event") { await client.events.first(where: match) }
    guard let found else { throw TestFailure("the events ended") }
    return found
  }

  @Test func afterAKilledBrokerItComesBackAndSubscribesAgain() async throws {
    let server = try await MosquittoServer(configuration: "persistence false")
    let subscriber = try await server.connectedClient("subscriber")
    let publisher = try await server.connectedClient("publisher")
    try await subscriber.subscribe(to: "/again/#")
    for round in 0..<20 {
      try await server.kill()
      let lost = try await mqttError {
        while true { try await publisher.publish(topic: "/again/\(round)", payload: [0], timeout: .seconds(5)) }
      }
      #expect([.connectionLost, .notConnected].contains(lost.code), "\(lost)")
      try await server.start()
      // Earlier rounds may have left messages that were sent more than once.
      let received = Task {
        try await within("a message of round \(round)") {
          await subscriber.messages.first { $0.topic == "/again/\(round)" }
        }
      }
      try await eventually("a subscriber after restart \(round)") {
        (try? await publisher.publish(topic: "/again/\(round)", payload: [UInt8(round)])) == .success
      }
      #expect(try await received.value?.payload == [UInt8(round)])
    }
    await subscriber.close()
    await publisher.close()
  }

  @Test func aPublishInFlightWhenTheBrokerDiesEndsAsUnknownAndIsNotSentAgain() async throws {
    let server = try await MosquittoServer()
    let subscriber = try await server.connectedClient("subscriber") {
      $0.cleanStart = false
      $0.sessionExpirySeconds = 600
    }
    try await subscriber.subscribe(to: "/once/#")
    let publisher = try await server.connectedClient("publisher")
    for round in 0..<20 {
      let broker = try #require(server.processIdentifier)
      kill(broker, SIGSTOP)
      let publish = Task {
        try await mqttError {
          try await publisher.publish(topic: "/once/\(round)", payload: Array("lost".utf8), timeout: .seconds(60))
        }
      }
      // The request must have left before the broker dies; the kernel has it as soon as it waits no more.
      try await eventually("a publish in flight") { publisher.publishesInFlight == 1 }
      try await server.kill()
      let error = try await publish.value
      #expect(error.code == .connectionLost, "\(error)")
      #expect(error.mayHaveArrived)
      try await server.start()
      try await publisher.waitUntilConnected(timeout: patience)
      try await subscriber.waitUntilConnected(timeout: patience)
      try await publisher.publish(topic: "/once/\(round)", payload: Array("next".utf8))
      #expect(text(try await receive(1, from: subscriber)) == ["next"])
    }
    await publisher.close()
    await subscriber.close()
  }

  @Test func aKeptSessionGetsWhatWasSentWhileAway() async throws {
    let server = try await MosquittoServer()
    let publisher = try await server.connectedClient("publisher")
    func keeper(_ clean: Bool = false) throws -> MQTTClient {
      try server.client {
        $0.clientID = "keeper"
        $0.cleanStart = clean
        $0.sessionExpirySeconds = 600
      }
    }
    let first = try keeper(true)
    #expect(try await event(first) { _ in true } == .connected(sessionPresent: false))
    try await first.subscribe(to: "/kept/#")
    await first.close()

    for number in 0..<50 { try await publisher.publish(topic: "/kept/\(number)", payload: [UInt8(number)]) }

    let second = try keeper()
    #expect(try await event(second) { _ in true } == .connected(sessionPresent: true))
    #expect(try await receive(50, from: second).map(\.payload) == (0..<50).map { [UInt8($0)] })
    await second.close()

    let third = try keeper(true)
    #expect(try await event(third) { _ in true } == .connected(sessionPresent: false))
    await third.close()
    await publisher.close()
  }

  @Test func aKeptSessionOutlivesTheBroker() async throws {
    let server = try await MosquittoServer()
    let subscriber = try await server.connectedClient("subscriber") {
      $0.cleanStart = false
      $0.sessionExpirySeconds = 600
    }
    try await subscriber.subscribe(to: "/kept/#")
    let first = try await event(subscriber) { _ in true }
    #expect(first == .connected(sessionPresent: false))
    try await server.restart()
    #expect(
      try await event(subscriber) { if case .connected = $0 { true } else { false } }
        == .connected(sessionPresent: true))
    let publisher = try await server.connectedClient("publisher")
    try await publisher.publish(topic: "/kept/1", payload: [1])
    #expect(try await receive(1, from: subscriber).first?.payload == [1])
    await subscriber.close()
    await publisher.close()
  }

  @Test func aSecondClientWithTheSameIDEndsTheFirst() async throws {
    let server = try await MosquittoServer()
    let first = try await server.connectedClient {
      $0.clientID = "twin"
      $0.reconnectInitialDelay = .seconds(60)
      $0.reconnectMaximumDelay = .seconds(60)
    }
    let second = try await server.connectedClient { $0.clientID = "twin" }
    // The broker sends no reason here (mosquitto 2.0.11), so the loss is all there is to tell.
    _ = try await event(first) { if case .disconnected = $0 { true } else { false } }
    #expect(!first.isConnected)
    #expect(second.isConnected)
    await first.close()
    await second.close()
  }

  @Test func aSubscriptionAskedForWithoutABrokerIsMadeWhenItComes() async throws {
    let server = try await MosquittoServer()
    try await server.stop()
    let client = try server.client()
    let subscription = Task { try await client.subscribe(to: "/later", timeout: nil) }
    _ = try await event(client) { if case .disconnected = $0 { true } else { false } }
    try await server.start()
    #expect(try await subscription.value == .atLeastOnce)
    #expect(try await client.publish(topic: "/later", payload: [1]) == .success)
    await client.close()
  }
}
