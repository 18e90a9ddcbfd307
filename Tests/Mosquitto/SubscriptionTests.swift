import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct SubscriptionTests {
  @Test func aSharedSubscriptionSpreadsItsMessages() async throws {
    let server = try await MosquittoServer()
    let members = [try await server.connectedClient("a"), try await server.connectedClient("b")]
    for member in members { try await member.subscribe(to: "$share/group//devices/+/state") }
    let publisher = try await server.connectedClient("publisher")
    for number in 0..<100 {
      #expect(try await publisher.publish(topic: "/devices/\(number)/state", payload: [UInt8(number)]) == .success)
    }
    try await eventually("100 messages at the members") {
      members.reduce(0) { $0 + $1.waitingMessages } == 100
    }
    for member in members { #expect(member.waitingMessages >= 30, "\(member.waitingMessages)") }
    var seen: [UInt8] = []
    for member in members { seen += try await receive(member.waitingMessages, from: member).flatMap(\.payload) }
    #expect(seen.sorted() == (0..<100).map { UInt8($0) })
    for member in members { await member.close() }
    await publisher.close()
  }

  @Test func whatAMemberDidNotAcknowledgeGoesToAnother() async throws {
    let server = try await MosquittoServer()
    let gone = try await server.connectedClient("gone")
    let left = try await server.connectedClient("left")
    for member in [gone, left] { try await member.subscribe(to: "$share/group//left/#") }
    await gone.close()
    let publisher = try await server.connectedClient("publisher")
    for number in 0..<20 { try await publisher.publish(topic: "/left/\(number)", payload: [UInt8(number)]) }
    #expect(try await receive(20, from: left).flatMap(\.payload) == (0..<20).map { UInt8($0) })
    await left.close()
    await publisher.close()
  }

  @Test func aRefusedSubscriptionIsAnErrorWithItsReason() async throws {
    let folder = try TemporaryFolder()
    try Data("topic readwrite /open/#\n".utf8).write(to: URL(fileURLWithPath: folder.path("acl")))
    let server = try await MosquittoServer(configuration: "acl_file \(folder.path("acl"))\nmax_qos 0")
    let client = try await server.connectedClient()
    // The broker grants less than asked, and says so.
    #expect(try await client.subscribe(to: "/open/a") == .atMostOnce)
    let error = try await mqttError {
      try await client.publish(topic: "/open/a", payload: [], qos: .atLeastOnce)
    }
    #expect(error.code == .invalid, "\(error)")
    await client.close()
  }

  @Test func unsubscribingEndsTheMessages() async throws {
    let server = try await MosquittoServer()
    let client = try await server.connectedClient()
    try await client.subscribe(to: "/a")
    #expect(try await client.publish(topic: "/a", payload: [1]) == .success)
    _ = try await receive(1, from: client)
    try await client.unsubscribe(from: "/a")
    #expect(try await client.publish(topic: "/a", payload: [2]) == .noMatchingSubscribers)
    await client.close()
  }

  @Test func aKeptMessageComesMarkedAsSuch() async throws {
    let server = try await MosquittoServer()
    let client = try await server.connectedClient()
    try await client.publish(topic: "/kept", payload: [1], retain: true)
    try await client.subscribe(to: "/kept")
    #expect(
      try await receive(1, from: client) == [MQTTMessage(topic: "/kept", payload: [1], qos: .atLeastOnce, retain: true)]
    )
    await client.close()
  }
}
