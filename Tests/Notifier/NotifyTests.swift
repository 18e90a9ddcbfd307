import Foundation
import Foundations
import Mosquitto
import ServiceKit
import TestPeers
import TestSupport
import Testing
import Wire

@testable import NotifierServer

@Suite(.seated, .timeLimit(.minutes(10))) struct NotifyTests {
  private func request(_ notifications: [WireNotification]) -> WireNotify {
    var request = WireNotify()
    request.notifications = notifications
    return request
  }

  @Test func aDeviceGetsWhatTheContractSays() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let device = DeviceID.random()
    let client = try await deviceClient(broker)
    try await client.subscribe(to: "/firmware/\(device)/#")
    let answer = try await replica.call(request([notification(device, 7), notification(device, 8)]))
    #expect(answer.outcomes.map(\.acknowledged) == [true, true])

    var iterator = client.messages.makeAsyncIterator()
    for (version, store) in [(7, "http://one:1"), (8, "http://two:2")] {
      let message = try #require(await iterator.next())
      #expect(message.topic == "/firmware/\(device)/\(version)")
      #expect(!message.retain)
      #expect(message.qos == .atLeastOnce)
      let json = try #require(try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any])
      #expect(Set(json.keys) == ["version", "digest", "size", "url"])
      #expect(json["version"] as? Int == version)
      #expect(json["digest"] as? String == ReportParsingTests.digest)
      #expect(json["size"] as? Int == 100_544)
      #expect(json["url"] as? String == "\(store)/firmware/\(device)/\(version)")
    }
    await client.close()
    try await replica.stop()
  }

  @Test func aNotificationCarriesTheTraceThatItsVersionWasAssignedIn() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let device = DeviceID.random()
    let client = try await deviceClient(broker)
    try await client.subscribe(to: "/firmware/\(device)/#")
    let trace = TraceContext(isSampled: true, requestID: "build-7")
    var traced = notification(device, 7)
    (traced.traceParent, traced.requestID) = (trace.description, trace.requestID)
    let answer = try await replica.call(request([traced, notification(device, 8)]))

    var iterator = client.messages.makeAsyncIterator()
    let message = try #require(await iterator.next())
    let carried = try #require(TraceContext(message.userProperties))
    #expect(carried.traceID == trace.traceID && carried.spanID != trace.spanID && carried.requestID == "build-7")
    #expect(try #require(await iterator.next()).userProperties.isEmpty)
    for outcome in answer.outcomes {
      #expect(outcome.acknowledgedMicroseconds > 0)
      #expect(outcome.publishedMicroseconds <= outcome.acknowledgedMicroseconds)
    }
    await client.close()
    try await replica.stop()
  }

  @Test func aDeviceThatIsAwayIsStillAcknowledged() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    #expect(try await replica.call(request([notification(.random(), 1)])).outcomes.map(\.acknowledged) == [true])
    try await replica.stop()
  }

  @Test func wrongNotificationsAreToldApart() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    var wrong: [WireNotification] = []
    for change: (inout WireNotification) -> Void in [
      { $0.deviceID = Data([1, 2, 3]) }, { $0.version = 0 }, { $0.version = .max }, { $0.digest = Data() },
      { $0.sizeBytes = 0 },
    ] {
      var one = notification(.random(), 1)
      change(&one)
      wrong.append(one)
    }
    let answer = try await replica.call(request(wrong + [notification(.random(), 1)]))
    #expect(answer.outcomes.map(\.acknowledged) == [false, false, false, false, false, true])
    #expect(answer.outcomes.dropLast().map(\.reason) == .init(repeating: "invalid", count: 5))

    let device = DeviceID.random()
    let tooMany = try await failure {
      _ = try await replica.call(request((1...1_001).map { notification(device, $0) }))
    }
    #expect(tooMany.code == .invalid)
    #expect(tooMany.reason == "too-many-notifications")
    #expect(try await replica.call(request([])).outcomes.isEmpty)
    try await replica.stop()
  }

  @Test func onlyAPUBACKAcknowledges() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(
      broker: broker, registry: registry, ["XTBLISH_NOTIFIER_ACKNOWLEDGEMENT_SECONDS": "0.5"])
    try await replica.waitUntilReady()
    let process = try #require(broker.processIdentifier)
    kill(process, SIGSTOP)
    let answer = try await replica.call(request((0..<100).map { _ in notification(.random(), 1) }))
    kill(process, SIGCONT)
    #expect(answer.outcomes.count == 100)
    #expect(answer.outcomes.allSatisfy { !$0.acknowledged && $0.reason.hasPrefix("timed-out") })
    try await eventually("acknowledgements again") {
      try await replica.call(request([notification(.random(), 1)])).outcomes.first?.acknowledged == true
    }
    try await replica.stop()
  }

  @Test func withoutABrokerItSaysSoAtOnce() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    try await broker.kill()
    try await eventually("a lost connection") { await !replica.readiness.isReady() }
    let start = ContinuousClock.now
    let told = try await failure {
      _ = try await replica.call(request([notification(.random(), 1)]), deadline: .seconds(120))
    }
    #expect(told.code == .unavailable)
    #expect(told.reason == "broker-unavailable")
    // It doesn't wait for the broker until its deadline.
    #expect(ContinuousClock.now - start < .seconds(30))
    try await broker.start()
    try await replica.waitUntilReady()
    #expect(try await replica.call(request([notification(.random(), 1)])).outcomes.map(\.acknowledged) == [true])
    try await replica.stop()
  }

  /// The Registry's part is played here: it sends again what was not acknowledged.
  @Test func nothingIsLostAcrossRestartsOfTheBroker() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await replica.waitUntilReady()
    let device = DeviceID.random()
    let client = try await deviceClient(broker, kept: "away")
    try await client.subscribe(to: "/firmware/\(device)/#")
    // A broker that is killed forgets a session that it has not saved yet, and everybody's messages for it.
    try await broker.restart()
    try await client.waitUntilConnected(timeout: patience)
    try await replica.waitUntilReady()
    let restarts = Task {
      for _ in 0..<5 {
        try await broker.kill()
        try await broker.start()
        try await replica.waitUntilReady()
      }
    }
    var pending = Set(UInt64(1)...200)
    try await eventually("200 acknowledgements") {
      let batch = pending.sorted().prefix(10)
      if let answer = try? await replica.call(request(batch.map { notification(device, $0) })) {
        for (version, outcome) in zip(batch, answer.outcomes) where outcome.acknowledged { pending.remove(version) }
      }
      return pending.isEmpty
    }
    try await restarts.value
    var seen: Set<String> = []
    for await message in client.messages {
      seen.insert(message.topic)
      if seen.count == 200 { break }
    }
    #expect(seen == Set((1...200).map { "/firmware/\(device)/\($0)" }))
    await client.close()
    try await replica.stop()
  }

  @Test func resendingAsksTheRegistry() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry())
    let replica = try await Replica.start(broker: broker, registry: registry)
    var resend = WireResendNotification()
    resend.deviceID = Data(repeating: 1, count: 16)
    #expect(try await replica.call(resend).version == 1)
    resend.deviceID = Data(registry.makeStranger().bytes)
    let told = try await failure { _ = try await replica.call(resend) }
    #expect(told.code == .notFound)
    #expect(told.reason == "unknown-device")
    try await replica.stop()
  }

  @Test func statusTellsWhatIsMissing() async throws {
    let (broker, registry) = (try await MosquittoServer(), try await RecordingRegistry(started: false))
    let replica = try await Replica.start(broker: broker, registry: registry)
    try await eventually("a connected broker") {
      try await replica.call(WireGetStatus()).dependencies.first { $0.name == "broker" }?.ready == true
    }
    let status = try await replica.call(WireGetStatus())
    #expect(status.service == "notifier")
    #expect(!status.ready)
    #expect(status.dependencies.first { $0.name == "registry" }?.ready == false)
    try await registry.start()
    try await replica.waitUntilReady()
    #expect(try await replica.call(WireGetStatus()).ready)
    try await replica.stop()
    await registry.stop()
  }
}
