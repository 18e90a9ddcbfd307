import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing
import Wire

@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryServer
@testable import RegistryStorage

@Suite(.seated) struct OutboxDispatcherTests {
  @Test func everyVersionIsPublishedAndLeavesTheOutbox() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let notifier = StubNotifier()
    // One from before the dispatcher started, the others while it runs.
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    try await running([OutboxDispatcher(fixture.store, notifier)]) {
      for number in 2...20 {
        _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)")
      }
      try await eventually { try await fixture.store.outboxPending() == 0 }
    }
    #expect(notifier.acknowledged.map(\.version).sorted() == Array(1...20))
    let first = try #require(notifier.deliveries.first { $0.key.version == 1 }).notification
    #expect(first.sizeBytes == 544 + 100_000)
    #expect(first.digest == Data(try PublishedApp.sample(1).app.wasmDigest.bytes))
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'notified'") == 20)
    #expect(try await fixture.store.firmware(of: device, version: 20).notifiedAt != nil)
  }

  @Test func whatFailsIsTriedAgainWithoutAnotherWakeUp() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let failures = Mutex(5)
    let notifier = StubNotifier { notify throws(WireFailure) in
      let fails = failures.withLock { left in
        defer { left = max(0, left - 1) }
        return left > 0
      }
      if fails { throw WireFailure(.unavailable, reason: "no-server", message: "the broker is away") }
      return .acknowledging(notify.notifications.count)
    }
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    try await running([OutboxDispatcher(fixture.store, notifier)]) {
      try await eventually { try await fixture.store.outboxPending() == 0 }
    }
    #expect(notifier.calls == 6)
    let events = try await fixture.store.events(of: device, .before(nil), limit: 1)
    #expect(events[0].kind == "notified")
    #expect(events[0].detail.contains("\"attempts\": 6"))
  }

  /// It goes on being tried, and once an operator is told.
  @Test func aNotificationThatNobodyTakesIsTold() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    for round in 1...15 {
      let claim = DeviceID.random().bytes
      let batch = try await eventuallySome("attempt \(round)") {
        let batch = try await fixture.store.claimOutbox(limit: 10, lease: .seconds(5), claim: claim)
        return batch.isEmpty ? nil : batch
      }
      let outcome = DeliveryOutcome(
        batch, answer: .success([.refused("the broker takes no packet of this size")]),
        backoff: RetryBackoff(first: .zero, longest: .zero)
      ) { 0 }
      try await fixture.store.settleOutbox(outcome, claim: claim)
    }
    let told = try await fixture.store.events(of: device, .after(0), limit: 100).filter {
      $0.kind == "notification-delayed"
    }
    #expect(told.count == 1)
    #expect(told.first?.detail.contains("no packet of this size") == true)
    #expect(try await fixture.store.outboxPending() == 1)
  }

  /// What a replica had claimed when it died is published by another, and not before the lease ran out.
  @Test func aDeadReplicasClaimIsTakenOver() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    let lease = Duration.milliseconds(1_500)
    let isHanging = TaskSignal()
    let hanging = StubNotifier { _ throws(WireFailure) in
      isHanging.wake()
      _ = try? await untilCancelled()
      throw WireFailure(.deadlineExceeded, reason: "deadline", message: "cancelled")
    }
    let dying = Task { try await OutboxDispatcher(fixture.store, hanging, lease: lease).run() }
    await isHanging.wait(upTo: .seconds(20))
    // Cancelled, it can't settle its claim any more, like a process that was killed.
    dying.cancel()
    _ = await dying.result
    let claimed = try #require(
      try await fixture.pool.queryFirst("select claimed_until, attempts from registry.outbox"))
    #expect(try claimed["attempts"].int == 1)
    let claimedUntil = try claimed["claimed_until"].date
    let replica = try fixture.replica()
    let notifier = StubNotifier()
    try await running([OutboxDispatcher(replica, notifier, lease: lease)]) {
      try await eventually { try await fixture.store.outboxPending() == 0 }
    }
    #expect(notifier.acknowledged == [OutboxEntry.Key(device: device, version: 1)])
    let notifiedAt = try #require(try await fixture.store.firmware(of: device, version: 1).notifiedAt)
    #expect(notifiedAt >= claimedUntil)
  }

  @Test func twoDispatchersNeverPublishOneRowAtTheSameTime() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<20 { devices.append(try await fixture.device("d\(number)")) }
    let notifier = StubNotifier { notify throws(WireFailure) in
      // Sleeps: as long as a broker takes, so that the two dispatchers meet at other moments each time.
      try? await Task.sleep(for: .milliseconds(Int64.random(in: 0...15)))
      var response = WireNotifyResponse.acknowledging(notify.notifications.count)
      for index in response.outcomes.indices where Int.random(in: 0..<4) == 0 {
        response.outcomes[index].acknowledged = false
      }
      return response
    }
    let replica = try fixture.replica()
    let all = devices
    try await running([
      OutboxDispatcher(fixture.store, notifier, batchSize: 7), OutboxDispatcher(replica, notifier, batchSize: 7),
      OutboxListener(store: replica),
    ]) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for device in all {
          group.addTask {
            for number in 1...10 {
              _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)")
            }
          }
        }
        try await group.waitForAll()
      }
      try await eventually { try await fixture.store.outboxPending() == 0 }
    }
    let byKey = Dictionary(grouping: notifier.deliveries, by: \.key)
    #expect(byKey.count == 200)
    for deliveries in byKey.values {
      // Acknowledged once, as the last of its tries, and each try after the end of the one before.
      #expect(deliveries.filter(\.isAcknowledged).count == 1)
      let inOrder = deliveries.sorted { $0.start < $1.start }
      #expect(inOrder.last?.isAcknowledged == true)
      for (earlier, later) in zip(inOrder, inOrder.dropFirst()) { #expect(earlier.end <= later.start) }
    }
  }

  /// The dispatcher runs only on the other replica and sleeps for minutes: only LISTEN can wake it.
  @Test func aCommitWakesTheOtherReplica() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let replica = try fixture.replica()
    let notifier = StubNotifier()
    try await running([OutboxDispatcher(replica, notifier), OutboxListener(store: replica)]) {
      for number in 1...5 {
        _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)")
        // From the second on the listener is long connected.
        try await eventually { notifier.acknowledged.count == number }
      }
    }
  }

  @Test func shutdownLetsACallInProgressEnd() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let (isCalled, mayAnswer) = (TaskSignal(), TaskSignal())
    let notifier = StubNotifier { notify throws(WireFailure) in
      isCalled.wake()
      await mayAnswer.wait(upTo: .seconds(20))
      return .acknowledging(notify.notifications.count)
    }
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    let release = Task {
      await isCalled.wait(upTo: .seconds(20))
      // By then the shutdown has begun, or begins: either way the answer must count.
      mayAnswer.wake()
    }
    try await running([OutboxDispatcher(fixture.store, notifier)]) {
      try await eventually { notifier.calls == 1 }
    }
    await release.value
    #expect(try await fixture.store.outboxPending() == 0)
  }

  @Test func anAcknowledgementAfterTheLeaseStillCounts() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.assign(.sample(1), to: device, idempotencyKey: "1")
    let (slow, quick) = (DeviceID.random().bytes, DeviceID.random().bytes)
    let batch = try await fixture.store.claimOutbox(limit: 10, lease: .milliseconds(1), claim: slow)
    #expect(batch.count == 1)
    let again = try await eventuallySome {
      let batch = try await fixture.store.claimOutbox(limit: 10, lease: .seconds(60), claim: quick)
      return batch.isEmpty ? nil : batch
    }
    #expect(again.map(\.key) == batch.map(\.key))
    let backoff = RetryBackoff(longest: .seconds(1))
    // The late failure of the first does not disturb the second …
    let failed = DeliveryOutcome(
      batch, answer: .failure(RequestFailure(.unavailable, reason: "x", message: "x")), backoff: backoff
    ) { 1 }
    try await fixture.store.settleOutbox(failed, claim: slow)
    #expect(try await fixture.store.claimOutbox(limit: 10, lease: .seconds(60), claim: slow).isEmpty)
    // … and its late success spares it.
    let acknowledged = DeliveryOutcome(batch, answer: .success([.acknowledged]), backoff: backoff) { 1 }
    try await fixture.store.settleOutbox(acknowledged, claim: slow)
    try await fixture.store.settleOutbox(acknowledged, claim: quick)
    #expect(try await fixture.store.outboxPending() == 0)
    #expect(try await fixture.count("select count(*) from registry.events where kind = 'notified'") == 1)
  }

  @Test func oldEventsGoAndNewOnesStay() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await fixture.pool.execute(
      """
      insert into registry.events (device_id, kind, at, detail)
      select $1, 'device-online', now() - interval '10 days', '{}' from generate_series(1, 2500)
      """, [.uuid(device.bytes)])
    try await fixture.pool.execute("update registry.events set at = now() - interval '10 days'")
    _ = try await fixture.store.updateDevice(device, name: "new", tags: nil)
    try await running([
      HistoryRetention(
        store: fixture.store, eventRetention: .seconds(9 * 86_400), auditRetention: .seconds(9 * 86_400), logger: .quiet
      )
    ]) {
      try await eventually { try await fixture.count("select count(*) from registry.events") == 1 }
    }
    #expect(try await fixture.store.events(of: device, .before(nil), limit: 5).map(\.kind) == ["device-updated"])
  }
}
