import Foundation
import Foundations
import Mosquitto
import SwiftProtobuf
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

@Suite(.seated, .timeLimit(.minutes(10))) struct SessionEvictionTests {
  private func request(_ device: DeviceID) -> WireDisconnectDevice {
    .with { $0.deviceID = Data(device.bytes) }
  }

  @Test func aLiveSessionIsCut() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let device = DeviceID.random()
    let client = try await deviceClient(broker, kept: "\(device)")
    var events = client.events.makeAsyncIterator()
    guard case .connected = await events.next() else { throw TestFailure("no connection") }
    _ = try await replica.call(request(device))
    guard case .disconnected = await events.next() else { throw TestFailure("the session lives on") }
    #expect(broker.log.contains("Client \(device) already connected"))
    await client.close()
    try await replica.stop()
  }

  @Test func othersAreNotCut() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let other = DeviceID.random()
    let client = try await deviceClient(broker, kept: "\(other)")
    try await client.subscribe(to: "/firmware/\(other)/#")
    _ = try await replica.call(request(.random()))
    _ = try await replica.call(.with { $0.notifications = [notification(other, 3)] } as WireNotify)
    var messages = client.messages.makeAsyncIterator()
    #expect(await messages.next()?.topic == "/firmware/\(other)/3")
    #expect(!broker.log.contains("Client \(other) already connected"))
    await client.close()
    try await replica.stop()
  }

  @Test func whatTheBrokerKeptForTheDeviceIsGone() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let device = DeviceID.random()
    let away = try await deviceClient(broker, kept: "\(device)")
    try await away.subscribe(to: "/firmware/\(device)/#")
    await away.close()
    _ = try await replica.call(.with { $0.notifications = [notification(device, 3)] } as WireNotify)
    _ = try await replica.call(request(device))

    let back = try await deviceClient(broker, kept: "\(device)")
    var events = back.events.makeAsyncIterator()
    guard case .connected(let sessionPresent) = await events.next() else { throw TestFailure("no connection") }
    #expect(!sessionPresent)
    await back.close()
    try await replica.stop()
  }

  @Test func aBrokerThatIsAwayIsSaid() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    try await broker.kill()
    await #expect { _ = try await replica.call(request(.random())) } throws: { error in
      (error as? WireFailure)?.code == .unavailable
    }
    try await replica.stop()
  }

  @Test func anIDOfTheWrongLengthIsRefused() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    await #expect { _ = try await replica.call(WireDisconnectDevice.with { $0.deviceID = Data([1]) }) } throws: {
      error in
      (error as? WireFailure)?.reason == "invalid-device-id"
    }
    try await replica.stop()
  }
}
