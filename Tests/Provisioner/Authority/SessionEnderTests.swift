import Foundation
import Foundations
import Messaging
import OpenSSL
import PostgreSQL
import Synchronization
import TestSupport
import Testing
import Wire

@testable import DeviceCertificates

/// Notes which sessions it was asked to end; the first calls may fail.
private final class PlayedNotifier: RPCCaller {
  private let state: Mutex<(ended: [DeviceID], failures: Int)>

  init(failures: Int = 0) {
    state = Mutex((ended: [], failures: failures))
  }

  var ended: [DeviceID] { state.withLock { $0.ended } }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let request = request as? WireDisconnectDevice, let device = DeviceID(bytes: request.deviceID),
      let answer = WireDisconnectDeviceResponse() as? R.Response
    else { throw WireFailure(.unsupported, reason: "unsupported", message: "not what is asked here") }
    let isDown = state.withLock { state in
      guard state.failures > 0 else {
        state.ended.append(device)
        return false
      }
      state.failures -= 1
      return true
    }
    if isDown { throw WireFailure(.unavailable, reason: "down", message: "not there") }
    return answer
  }
}

@Suite(.seated) struct SessionEnderTests {
  @Test func aRevokedDevicesSessionIsEndedAgainForBrokersThatLagBehind() async throws {
    try await withReplica { replica, _ in
      let notifier = PlayedNotifier()
      let ender = SessionEnder(store: replica.store, notifier: notifier, logger: quietLogger)
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
      let ender = SessionEnder(store: replica.store, notifier: notifier, logger: quietLogger)
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
