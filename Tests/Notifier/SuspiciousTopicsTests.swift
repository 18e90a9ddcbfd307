import Mosquitto
import TestSupport
import Testing

@testable import NotifierServer

@Suite(.seated, .timeLimit(.minutes(10))) struct SuspiciousTopicsTests {
  /// A broker that ends the connection for one device's notification keeps no other device's from getting through.
  @Test func oneNotificationThatTheBrokerHangsUpOnHoldsUpNobody() async throws {
    let broker = try await MosquittoServer()
    let poison = Array("/firmware/00000000-0000-4000-8000-0000000000ff/1".utf8)
    let link = try CuttingProxy(to: broker.port) { piece in
      piece.direction == .toClient || !piece.bytes.contains(poison)
    }
    var options = MQTTClientOptions(host: broker.host, port: UInt16(link.port), clientID: "publisher")
    options.reconnectInitialDelay = .milliseconds(10)
    options.reconnectMaximumDelay = .milliseconds(50)
    let client = try MQTTClient(options: options)
    try client.start()
    let outlet = MQTTOutlet(client)
    let suspicious = SuspiciousTopics()
    let topic = String(decoding: poison, as: UTF8.self)
    var attempts = 0
    // As the Registry's outbox does: again and again.
    while var tries = suspicious.tries(of: topic), attempts < 100 {
      attempts += 1
      try await client.waitUntilConnected(timeout: patience)
      _ = try? await outlet.publish(topic: topic, payload: [1], timeout: patience, tries: &tries)
      _ = suspicious.note(tries, of: topic)
    }
    #expect(suspicious.tries(of: topic) == nil && link.cuts == 5)
    var others = MQTTOutlet.Tries()
    try await client.waitUntilConnected(timeout: patience)
    try await outlet.publish(topic: "/firmware/x/1", payload: [1], timeout: patience, tries: &others)
    // It gets another chance.
    #expect(suspicious.tries(of: topic, now: .now + .seconds(601)) == MQTTOutlet.Tries())
    await client.close()
  }
}
