import Foundation
import Foundations
import Mosquitto
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

@Suite(.seated, .timeLimit(.minutes(10))) struct ReportIntakeTests {
  /// Waits until the replicas' shared subscriptions are there: until then nobody is told.
  private func waitForSubscription(_ client: MQTTClient) async throws {
    try await eventually("a subscription to reports") {
      try await report(client, .random(), sequence: 1) == .success
    }
  }

  private func sequences(_ registry: RecordingRegistry, of device: DeviceID) -> [UInt64] {
    registry.reports.filter { $0.deviceID == Data(device.bytes) }.map(\.sequence)
  }

  @Test func aReportIsStoredAndThenAcknowledged() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    let (device, client) = (DeviceID.random(), try await deviceClient(broker))
    try await waitForSubscription(client)
    try await client.subscribe(to: "/devices/\(device)/ack")
    _ = try await report(client, device, sequence: 5)
    var iterator = client.messages.makeAsyncIterator()
    let acknowledgement = try #require(await iterator.next())
    #expect(acknowledgement.topic == "/devices/\(device)/ack")
    #expect(String(decoding: acknowledgement.payload, as: UTF8.self) == "{\"sequences\":[5]}")
    let stored = try #require(registry.reports.first { $0.deviceID == Data(device.bytes) })
    #expect(stored.sequence == 5)
    #expect(stored.state.status == "confirmed")
    await client.close()
    try await replica.stop()
  }

  @Test func nothingIsAcknowledgedWhileTheRegistryIsAwayAndNothingIsLost() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    let client = try await deviceClient(broker)
    try await waitForSubscription(client)
    await registry.stop()
    try await client.subscribe(to: "/devices/+/ack")
    let devices = (0..<200).map { _ in DeviceID.random() }
    for sequence in 1...5 {
      for device in devices { _ = try await report(client, device, sequence: sequence) }
    }
    #expect(client.waitingMessages == 0)
    try await registry.start()
    var acknowledged: Set<String> = []
    for await message in client.messages {
      if String(decoding: message.payload, as: UTF8.self).contains("5") { acknowledged.insert(message.topic) }
      if acknowledged.count == devices.count { break }
    }
    for device in devices { #expect(sequences(registry, of: device).last == 5) }
    // Coalesced: far fewer than the 1,000 that came.
    #expect(registry.reports.count < 1_000)
    await client.close()
    try await replica.stop()
    await registry.stop()
  }

  @Test func aReportThatPoisonsItsBatchIsLeftOut() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    let client = try await deviceClient(broker)
    try await waitForSubscription(client)
    let devices = (0..<50).map { _ in DeviceID.random() }
    registry.fail(WireFailure(.unavailable, reason: "away", message: "away"))
    registry.refuseBatches(with: devices[17])
    for device in devices { _ = try await report(client, device, sequence: 1) }
    registry.fail(nil)
    try await eventually("49 stored reports") {
      devices.filter { !sequences(registry, of: $0).isEmpty }.count == 49
    }
    #expect(sequences(registry, of: devices[17]).isEmpty)
    await client.close()
    try await replica.stop()
  }

  @Test func hostileMessagesAreCountedAndHarmless() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    let client = try await deviceClient(broker)
    try await waitForSubscription(client)
    var sent = 0
    for (_, payload, _) in ReportParsingTests.hostile {
      try await client.publish(topic: "/devices/\(DeviceID.random())/state", payload: payload)
      sent += 1
    }
    for topic in ["/devices/nobody/state", "/devices//state", "/devices/\(DeviceID.random())/presence"] {
      try await client.publish(topic: topic, payload: Array("{}".utf8))
      sent += 1
    }
    try await client.publish(
      topic: "/devices/\(DeviceID.random())/state", payload: .init(repeating: 0x5B, count: 200_000))
    sent += 1
    let device = DeviceID.random()
    _ = try await report(client, device, sequence: 1)
    try await eventually("the good report") { sequences(registry, of: device) == [1] }
    #expect(try await replica.call(WireGetStatus()).figures["reports.rejected"] == Double(sent))
    #expect(try await replica.call(WireGetStatus()).ready)
    await client.close()
    try await replica.stop()
  }

  @Test func twoReplicasShareTheLoadAndOneTakesOver() async throws {
    let broker = try await MosquittoServer()
    let registries = [try await RecordingRegistry(), try await RecordingRegistry()]
    let replicas = [
      try await Replica.start(broker: broker, registry: registries[0]),
      try await Replica.start(broker: broker, registry: registries[1]),
    ]
    let client = try await deviceClient(broker)
    // Both are there when both are given something.
    try await eventually("two subscribers") {
      _ = try await report(client, .random(), sequence: 1)
      return registries.allSatisfy { !$0.reports.isEmpty }
    }
    let before = registries.map(\.reports.count)
    let devices = (0..<200).map { _ in DeviceID.random() }
    for device in devices { _ = try await report(client, device, sequence: 1) }
    try await eventually("200 reports, each once") {
      devices.allSatisfy { device in registries.map { sequences($0, of: device).count }.reduce(0, +) == 1 }
    }
    for (registry, count) in zip(registries, before) { #expect(registry.reports.count - count >= 60) }

    try await replicas[0].stop()
    let later = (0..<50).map { _ in DeviceID.random() }
    for device in later { #expect(try await report(client, device, sequence: 1) == .success) }
    try await eventually("50 reports at the replica that is left") {
      later.allSatisfy { sequences(registries[1], of: $0) == [1] }
    }
    await client.close()
    try await replicas[1].stop()
  }

  /// Those who are there say so by their reports: an "online" that the broker kept may be of a device that died with it.
  @Test func departuresThatTheBrokerKeptAreReadAtEachConnectionAndArrivalsAreNot() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let client = try await deviceClient(broker)
    let (there, gone) = ((0..<50).map { _ in DeviceID.random() }, (0..<50).map { _ in DeviceID.random() })
    for (device, word) in there.map({ ($0, "online") }) + gone.map({ ($0, "offline") }) {
      try await client.publish(topic: "/devices/\(device)/presence", payload: Array(word.utf8), retain: true)
    }
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await eventually("all departures") {
      gone.allSatisfy { device in
        registry.reports.contains { $0.deviceID == Data(device.bytes) && $0.content == .online(false) }
      }
    }
    let before = registry.reports.count
    try await broker.restart()
    try await eventually("all departures again") { registry.reports.count >= before + 50 }
    #expect(!registry.reports.contains { $0.content == .online(true) })
    try await client.waitUntilConnected(timeout: patience)
    // What a device says now is its word, kept or not. Said again, as the Notifier may not be subscribed yet.
    try await eventually("an arrival") {
      try await client.publish(topic: "/devices/\(there[0])/presence", payload: Array("online".utf8), retain: true)
      return registry.reports.contains { $0.deviceID == Data(there[0].bytes) && $0.content == .online(true) }
    }
    await client.close()
    try await replica.stop()
  }

  @Test func reportsGoOnAfterTheBrokerRestarts() async throws {
    let (broker, registry) = (
      try await MosquittoServer(configuration: "persistence false"), try await RecordingRegistry()
    )
    let replica = try await Replica.start(broker: broker, registry: registry)
    let client = try await deviceClient(broker)
    for round in 0..<5 {
      try await waitForSubscription(client)
      let device = DeviceID.random()
      // As a device does: it repeats until it is stored.
      try await eventually("a stored report in round \(round)") {
        _ = try? await report(client, device, sequence: 1)
        return !sequences(registry, of: device).isEmpty
      }
      try await broker.kill()
      try await broker.start()
      try await client.waitUntilConnected(timeout: patience)
    }
    await client.close()
    try await replica.stop()
  }
}
