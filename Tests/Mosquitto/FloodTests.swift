import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct FloodTests {
  private func flood(_ publisher: MQTTClient, count: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        if number >= 50 { _ = try await group.next() }
        group.addTask {
          try await publisher.publish(topic: "/flood", payload: Array("\(number)".utf8), timeout: patience)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aPausedReaderHoldsAtItsBoundAndLosesNothing() async throws {
    let server = try await MosquittoServer()
    let reader = try await server.connectedClient("reader") {
      $0.maximumIncomingMessages = 100
      $0.receiveMaximum = 20
    }
    try await reader.subscribe(to: "/flood")
    let publisher = try await server.connectedClient("publisher")
    try await flood(publisher, count: 3_000)
    try await eventually("a full queue") { reader.waitingMessages >= 100 }
    #expect(reader.waitingMessages <= 100 + 1)
    let received = try await receive(3_000, from: reader)
    #expect(Set(text(received)) == Set((0..<3_000).map { "\($0)" }))
    #expect(reader.droppedMessages == 0)
    await reader.close()
    await publisher.close()
  }

  @Test func theBoundInBytesHoldsToo() async throws {
    let server = try await MosquittoServer()
    let reader = try await server.connectedClient("reader") {
      $0.maximumIncomingBytes = 100_000
    }
    try await reader.subscribe(to: "/flood")
    let publisher = try await server.connectedClient("publisher")
    for _ in 0..<50 { try await publisher.publish(topic: "/flood", payload: .init(repeating: 7, count: 20_000)) }
    try await eventually("a full queue") { reader.waitingMessages >= 5 }
    #expect(reader.waitingMessages <= 6)
    #expect(try await receive(50, from: reader).count == 50)
    await reader.close()
    await publisher.close()
  }

  @Test func droppingKeepsTheNewestAndCounts() async throws {
    let server = try await MosquittoServer()
    let reader = try await server.connectedClient("reader") {
      $0.maximumIncomingMessages = 10
      $0.incomingOverflow = .dropOldest
    }
    try await reader.subscribe(to: "/flood")
    let publisher = try await server.connectedClient("publisher")
    for number in 0..<500 { try await publisher.publish(topic: "/flood", payload: Array("\(number)".utf8)) }
    try await eventually("490 dropped messages") { reader.droppedMessages == 490 }
    #expect(text(try await receive(10, from: reader)) == (490..<500).map { "\($0)" })
    // The connection was never held up.
    try await reader.publish(topic: "/other", payload: [])
    await reader.close()
    await publisher.close()
  }
}
