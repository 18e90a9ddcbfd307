import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct CloseTests {
  private func clientWithWill(_ server: MosquittoServer, id: String) async throws -> MQTTClient {
    try await server.connectedClient {
      $0.clientID = id
      $0.will = MQTTWill(topic: "/will/\(id)", payload: Array("offline".utf8), qos: .atLeastOnce, retain: true)
      $0.reconnectInitialDelay = .seconds(60)
      $0.reconnectMaximumDelay = .seconds(60)
    }
  }

  @Test func theWillIsPublishedUnlessItSaysGoodbye() async throws {
    let server = try await MosquittoServer()
    let watcher = try await server.connectedClient("watcher")
    try await watcher.subscribe(to: "/will/#")

    let polite = try await clientWithWill(server, id: "polite")
    await polite.close()
    let asked = try await clientWithWill(server, id: "asked")
    await asked.close(sendingWill: true)
    #expect(try await receive(1, from: watcher).map(\.topic) == ["/will/asked"])

    // A connection that another client takes over ends without a goodbye.
    let robbed = try await clientWithWill(server, id: "robbed")
    let robber = try await server.connectedClient { $0.clientID = "robbed" }
    let message = try #require(try await receive(1, from: watcher).first)
    #expect(message.topic == "/will/robbed")
    #expect(message.payload == Array("offline".utf8))
    for client in [robbed, robber, watcher] { await client.close() }
  }

  @Test func closingEndsEverythingThatWaitsAndMayBeRepeated() async throws {
    let server = try await MosquittoServer()
    for _ in 0..<20 {
      let client = try await server.connectedClient()
      let broker = try #require(server.processIdentifier)
      kill(broker, SIGSTOP)
      let publish = Task {
        try await mqttError { try await client.publish(topic: "/a", payload: [1], timeout: .seconds(60)) }
      }
      let subscribe = Task { try await mqttError { try await client.subscribe(to: "/a", timeout: nil) } }
      let reader = Task { for await _ in client.messages {} }
      try await eventually("a publish in flight") { client.publishesInFlight == 1 }
      try await within("close") {
        async let first: Void = client.close()
        async let second: Void = client.close()
        _ = await (first, second)
      }
      #expect(try await publish.value.code == .closed)
      #expect(try await publish.value.mayHaveArrived)
      #expect(try await subscribe.value.code == .closed)
      await reader.value
      await client.close()
      #expect(try await mqttError { try await client.publish(topic: "/a", payload: []) }.code == .closed)
      kill(broker, SIGCONT)
    }
  }

  @Test func aClientThatNeverStartedClosesToo() async throws {
    let client = try MQTTClient(options: MQTTClientOptions(host: "127.0.0.1", port: 1, clientID: "never"))
    #expect(try await mqttError { try await client.publish(topic: "/a", payload: []) }.code == .closed)
    await client.close()
    for await _ in client.messages { Issue.record("a message from nowhere") }
  }

  @Test func closingDoesNotWaitForAHostThatDoesNotAnswer() async throws {
    // 192.0.2.0/24 is set aside for documentation: connecting there either hangs or fails, by the network.
    let client = try MQTTClient(options: MQTTClientOptions(host: "192.0.2.1", port: 1_883, clientID: "far"))
    try client.start()
    try await within("close") { await client.close() }
  }

  @Test func aForgottenClientLeavesTheBroker() async throws {
    let server = try await MosquittoServer()
    func forget() async throws { _ = try await server.connectedClient("forgotten") }
    try await forget()
    try await eventually("the end of the forgotten client's connection") {
      server.log.contains("Received DISCONNECT from test-forgotten")
    }
  }
}
