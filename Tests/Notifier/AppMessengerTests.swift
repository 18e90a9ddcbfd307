import Foundation
import Foundations
import Messaging
import Mosquitto
import ServiceLifecycle
import SwiftProtobuf
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

/// A Registry that is not there.
private struct AbsentRegistry: RPCCaller {
  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    throw .stoppedService
  }
}

/// What operators and apps say to each other.
@Suite(.seated, .timeLimit(.minutes(10))) struct AppMessengerTests {
  private func withReplica(_ body: (Replica, MQTTClient, RecordingRegistry) async throws -> Void) async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let app = try await deviceClient(broker)
    try await body(replica, app, registry)
    await app.close()
    try await replica.stop()
  }

  private func publication(_ device: DeviceID, _ topic: String, _ payload: String) -> WirePublishToApp {
    WirePublishToApp.with {
      $0.deviceID = Data(device.bytes)
      $0.topic = topic
      $0.payload = Data(payload.utf8)
    }
  }

  private func question(_ device: DeviceID, _ filter: String, id: UInt8 = 1) -> WireListenToApp {
    WireListenToApp.with {
      $0.deviceID = Data(device.bytes)
      $0.filter = filter
      $0.listenerID = Data(repeating: id, count: 16)
    }
  }

  @Test func aMessageReachesTheAppOrIsSaidToReachNobody() async throws {
    try await withReplica { replica, app, _ in
      let device = DeviceID.random()
      #expect(try await !replica.call(publication(device, "set", "21")).heard)
      try await app.subscribe(to: "/apps/\(device)/set")
      #expect(try await replica.call(publication(device, "set", "22")).heard)
      var messages = app.messages.makeAsyncIterator()
      let message = try #require(await messages.next())
      #expect(message.topic == "/apps/\(device)/set" && message.payload == Array("22".utf8))
      let failure = await #expect(throws: WireFailure.self) {
        try await replica.call(publication(device, "set/#", "23"))
      }
      #expect(failure?.code == .invalid)
    }
  }

  @Test func anOperatorHearsWhatAnAppPublishesAndIsNoted() async throws {
    try await withReplica { replica, app, registry in
      let device = DeviceID.random()
      #expect(try await replica.call(question(device, "#")).begun)
      #expect(registry.audit.map(\.action) == ["listen-to-app"])
      #expect(registry.audit.map(\.target) == ["device:\(device)"])
      // Whatever came before the question is there, in its order.
      for number in 1...3 {
        try await app.publish(topic: "/apps/\(device)/values/\(number)", payload: Array("\(number)".utf8))
      }
      try await app.publish(topic: "/apps/\(DeviceID.random())/values", payload: [1])
      var heard: [WirePublishedMessage] = []
      while heard.count < 3 {
        let answer = try await replica.call(question(device, "#"))
        #expect(!answer.begun && answer.dropped == 0)
        heard += answer.messages
      }
      #expect(heard.map(\.topic) == ["values/1", "values/2", "values/3"])
      // One note for all questions of a listener.
      #expect(registry.audit.count == 1)
    }
  }

  /// The client's own word would have the command say that no Notifier is there.
  @Test func anAbsentRegistryIsNotTakenForAnAbsentNotifier() async throws {
    let options = MQTTClientOptions(host: "127.0.0.1", port: 1, clientID: "listener")
    var router = RPCRouter()
    AppMessenger(
      publisher: try BrokerConnection(options: options, purpose: "publisher", logger: silent),
      listeners: AppListeners(options: options, logger: silent), registry: AbsentRegistry()
    ).addHandlers(to: &router)
    let server = RPCServer(name: "notifier", listening: "tcp://127.0.0.1:0", router: router, logger: silent)
    let serving = Task { try await server.run() }
    let endpoint = try await server.boundAddress()
    let listen = question(.random(), "#")
    let failure = try await withRPCClient(endpoints: [endpoint], logger: silent) { client in
      await #expect(throws: WireFailure.self) { try await client.call(listen) }
    }
    serving.cancel()
    _ = await serving.result
    #expect(failure?.code == .unavailable && failure?.reason == "registry-unavailable")
    #expect(failure?.message.contains("no Registry") == true)
    #expect(failure?.message.contains("registry.endpoints") == true)
  }

  /// A client that repeats its question because the answer took long.
  @Test func whoBeginsTwiceAtOnceHasOneListener() async throws {
    let broker = try await MosquittoServer()
    let options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "listener")
    let listeners = AppListeners(options: options, logger: silent)
    let key = AppListeners.Key(id: [UInt8](repeating: 1, count: 16), owner: "operator:anna")
    let begun = try await withThrowingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { try await listeners.begin(key, prefix: "/apps/1/", filter: "#", timeout: patience) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let listener = try #require(listeners[key])
    #expect(begun.count == 8 && begun.allSatisfy { $0 === listener } && listeners.count == 1)
    await listener.client.close()
  }

  @Test func aTopicThatBeginsWithACombiningMarkIsToldWhole() async throws {
    try await withReplica { replica, app, _ in
      let device = DeviceID.random()
      _ = try await replica.call(question(device, "#"))
      try await app.publish(topic: "/apps/\(device)/\u{301}/1", payload: [1])
      let answer = try await replica.call(question(device, "#"))
      #expect(answer.messages.map { Array($0.topic.utf8) } == [[0xCC, 0x81] + Array("/1".utf8)])
    }
  }

  @Test func aQuestionThatWaitsLongIsStillAsked() async throws {
    let broker = try await MosquittoServer()
    let app = try await deviceClient(broker)
    let options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "listener")
    let listener = AppListener(client: try MQTTClient(options: options), prefix: "/apps/1/", patience: .milliseconds(1))
    try await listener.subscribe(to: "#", timeout: patience)
    let question = Task { await listener.take(within: patience) }
    try await eventually { listener.isAsked }
    let running = Task { await listener.run() }
    try await app.publish(topic: "/apps/1/value", payload: [7], timeout: patience)
    #expect(await question.value.messages.map(\.topic) == ["value"])
    await running.value
    await app.close()
  }

  @Test func aQuestionThatWaitsDoesNotHoldUpTheEndOfTheService() async throws {
    struct Asking: Service {
      let listener: AppListener
      func run() async throws { _ = await listener.take(within: .seconds(86_400)) }
    }
    let broker = try await MosquittoServer()
    let options = MQTTClientOptions(host: broker.host, port: UInt16(broker.port), clientID: "listener")
    let listener = AppListener(client: try MQTTClient(options: options), prefix: "/apps/1/")
    let group = ServiceGroup(services: [Asking(listener: listener)], logger: silent)
    let running = Task { try await group.run() }
    try await eventually { listener.isAsked }
    await group.triggerGracefulShutdown()
    _ = await running.result
    #expect(!listener.isAsked)
    await listener.client.close()
  }

  @Test func whatNobodyReadsIsBoundedAndCounted() async throws {
    try await withReplica { replica, app, _ in
      let device = DeviceID.random()
      _ = try await replica.call(question(device, "flood"))
      for number in 1...1_200 {
        try await app.publish(topic: "/apps/\(device)/flood", payload: Array("\(number)".utf8))
      }
      var (heard, dropped): ([String], UInt64) = ([], 0)
      while heard.last != "1200" {
        let answer = try await replica.call(question(device, "flood"))
        heard += answer.messages.map { String(decoding: $0.payload, as: UTF8.self) }
        dropped += answer.dropped
      }
      #expect(UInt64(heard.count) + dropped == 1_200)
      #expect(heard.map { Int($0) ?? 0 } == heard.map { Int($0) ?? 0 }.sorted())
    }
  }

  @Test func wrongFiltersAndTooManyListenersAreRefused() async throws {
    try await withReplica { replica, _, _ in
      let device = DeviceID.random()
      let wrong = await #expect(throws: WireFailure.self) { try await replica.call(question(device, "a/#/b")) }
      #expect(wrong?.code == .invalid)
      for id in 1...AppListeners.most { _ = try await replica.call(question(device, "x", id: UInt8(id))) }
      let full = await #expect(throws: WireFailure.self) { try await replica.call(question(device, "x", id: 200)) }
      #expect(full?.code == .overloaded)
    }
  }
}
