import Dispatch
import TestSupport
import Testing

@testable import Mosquitto

/// What a broker says of itself is used.
@Suite(.seated, .timeLimit(.minutes(10))) struct BrokerLimitsTests {
  @Test func aMessageLargerThanTheBrokerTakesIsNotSent() async throws {
    let broker = try await MosquittoServer(configuration: "max_packet_size 1000")
    let client = try MQTTClient(options: MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "c"))
    try client.start()
    try await client.waitUntilConnected(timeout: patience)
    #expect(client.brokerLimits.maximumPacketBytes == 1000)
    let room = try #require(client.brokerLimits.payloadRoomBytes(topic: "t"))
    let error = await #expect(throws: MQTTError.self) {
      try await client.publish(topic: "t", payload: [UInt8](repeating: 0, count: room + 1))
    }
    #expect(error?.code == .tooLarge && error?.mayHaveArrived == false)
    // What fits by that account, fits.
    try await client.publish(
      topic: "t", payload: [UInt8](repeating: 0, count: room), expirySeconds: 60, timeout: patience)
    #expect(client.isConnected)
    await client.close()
  }

  @Test func aBrokerWithoutQoS1AndRetainedMessagesIsServedAllTheSame() async throws {
    let broker = try await MosquittoServer(configuration: "max_qos 0\nretain_available false")
    var options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "c")
    options.will = MQTTWill(topic: "w", payload: [1], qos: .atLeastOnce, retain: true)
    options.reconnectInitialDelay = .milliseconds(10)
    let client = try MQTTClient(options: options)
    try client.start()
    try await client.waitUntilConnected(timeout: patience)
    try await client.publish(topic: "t", payload: [1], retain: true, isAdaptable: true, timeout: patience)
    // Whoever counts on the broker's word is told that there is none.
    await #expect(throws: MQTTError.self) { try await client.publish(topic: "t", payload: [1], timeout: patience) }
    #expect(client.isConnected)
    await client.close()
  }

  @Test func afterSeveralCutsAMessageGoesAloneAndThenNoMore() async throws {
    let broker = try await MosquittoServer()
    // Ends every connection on which a message with this byte comes.
    let link = try CuttingProxy(to: broker.port) { $0.direction == .toClient || !$0.bytes.contains(0xEE) }
    var options = MQTTClientOptions(host: broker.host, port: UInt16(link.port), clientID: "c")
    options.reconnectInitialDelay = .milliseconds(10)
    options.reconnectMaximumDelay = .milliseconds(50)
    let client = try MQTTClient(options: options)
    try client.start()
    let outlet = MQTTOutlet(client)
    var tries = MQTTOutlet.Tries()
    var attempts = 0
    while !tries.areHopeless, attempts < 100 {
      attempts += 1
      try await client.waitUntilConnected(timeout: patience)
      _ = try? await outlet.publish(topic: "poison", payload: [0xEE], timeout: patience, tries: &tries)
    }
    #expect(tries.areHopeless && tries.cutsInCompany == 2 && tries.cutsAlone == 3)
    // Others are not suspected for it.
    var others = MQTTOutlet.Tries()
    try await client.waitUntilConnected(timeout: patience)
    try await outlet.publish(topic: "good", payload: [1], timeout: patience, tries: &others)
    #expect(others.cuts == 0)
    await client.close()
  }

  @Test func whoeverGoesAloneWaitsForTheOthersAndTheyForIt() async throws {
    let broker = try await MosquittoServer()
    let client = try MQTTClient(options: MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "c"))
    try client.start()
    try await client.waitUntilConnected(timeout: patience)
    let outlet = MQTTOutlet(client, isOpen: false)
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<50 {
        group.addTask {
          var tries = MQTTOutlet.Tries()
          if number.isMultiple(of: 5) { for _ in 0..<2 { tries.noteCut(reason: nil) } }
          let answer = try? await outlet.publish(topic: "t", payload: [1], timeout: patience, tries: &tries)
          return answer != nil && tries.cuts == 0
        }
      }
      await outlet.open()
      for await isThrough in group { #expect(isThrough) }
    }
    await client.close()
  }

  /// The others wait for the one that waits to go alone.
  @Test func whoeverWaitsToGoAloneAndIsCancelledHoldsNobodyUp() async throws {
    let broker = try await MosquittoServer()
    let gate = DispatchSemaphore(value: 0)
    // Holds the first message back, so that it stays on its way.
    let link = try CuttingProxy(to: broker.port) { piece in
      if piece.direction == .toServer, piece.bytes.contains(0xEE) { gate.wait() }
      return true
    }
    let client = try MQTTClient(options: MQTTClientOptions(host: broker.host, port: UInt16(link.port), clientID: "c"))
    try client.start()
    try await client.waitUntilConnected(timeout: patience)
    let outlet = MQTTOutlet(client)
    let publish: @Sendable (UInt8, Int) -> Task<Bool, Never> = { byte, cuts in
      Task {
        var tries = MQTTOutlet.Tries()
        for _ in 0..<cuts { tries.noteCut(reason: nil) }
        return (try? await outlet.publish(topic: "t", payload: [byte], timeout: patience, tries: &tries)) != nil
      }
    }
    let first = publish(0xEE, 0)
    try await eventually { await outlet.underWay == 1 }
    let alone = publish(1, 2)
    try await eventually { await outlet.waiting == 1 }
    let other = publish(2, 0)
    try await eventually { await outlet.waiting == 2 }
    alone.cancel()
    #expect(await !alone.value)
    try await eventually("the other's turn") { await outlet.underWay == 2 }
    gate.signal()
    #expect(await first.value)
    #expect(await other.value)
    await client.close()
  }

  @Test func aClosedOutletLetsGoOfWhoIsCancelled() async throws {
    let broker = try await MosquittoServer()
    let client = try MQTTClient(options: MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "c"))
    let outlet = MQTTOutlet(client, isOpen: false)
    let waiting = Task {
      var tries = MQTTOutlet.Tries()
      do throws(MQTTError) {
        try await outlet.publish(topic: "t", payload: [1], tries: &tries)
        return MQTTError.Code?.none
      } catch { return error.code }
    }
    waiting.cancel()
    #expect(await waiting.value == .cancelled)
    await client.close()
  }
}
