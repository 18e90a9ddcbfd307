import Foundations
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceCertificates

@Suite(.seated) struct SessionEnderTests {
  @Test func aRevokedDevicesSessionIsEndedAgainForBrokersThatLagBehind() async throws {
    try await withReplica { replica, _ in
      let notifier = PlayedNotifier()
      let ender = SessionEnder(store: replica.store, notifier: notifier, news: TaskSignal(), logger: quietLogger)
      let device = DeviceID.random()
      _ = try await replica.revocation.revoke(device, reason: "", requester: "a")
      #expect(try await ender.endSessions().ended == 1)
      // Until the last of them, 30 s after the revocation: time passes in the record alone.
      for _ in 0..<5 {
        let row = try await replica.pool.queryFirst(
          """
          update provisioner.revoked_devices
          set revoked_at = revoked_at - greatest(next_disconnect_at - clock_timestamp(), interval '0'),
            next_disconnect_at = clock_timestamp() - interval '1 millisecond'
          where next_disconnect_at is not null returning device_id
          """)
        guard row != nil else { break }
        #expect(try await ender.endSessions().ended == 1)
      }
      // At once, and at 1, 3 and 30 s, but for those that had passed before it could be asked.
      #expect((2...4).contains(notifier.ended.count))
      #expect(Set(notifier.ended) == [device])
      let left = try await replica.pool.queryFirst(
        "select count(*) as count from provisioner.revoked_devices where next_disconnect_at is not null")
      #expect(try left?["count"].int == 0)
    }
  }

  @Test func aNotifierThatIsAwayIsAskedAgain() async throws {
    try await withReplica { replica, _ in
      let notifier = PlayedNotifier(failures: 2)
      let ender = SessionEnder(store: replica.store, notifier: notifier, news: TaskSignal(), logger: quietLogger)
      _ = try await replica.revocation.revoke(.random(), reason: "", requester: "a")
      #expect(try await ender.endSessions().failed == 1)
      #expect(notifier.ended.isEmpty)
      try await eventually {
        _ = try await ender.endSessions()
        return !notifier.ended.isEmpty
      }
    }
  }
}
