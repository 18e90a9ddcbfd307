import Foundation
import Foundations
import Messaging
import Synchronization
import TestPeers
import Wire

/// Notes which sessions it was asked to end; for the first calls it may be away. `NotifierOfProvisioner` says what it has
/// in common with the real one.
final class PlayedNotifier: RPCCaller {
  private let state: Mutex<(ended: [DeviceID], failures: Int)>

  /// - Parameter failures: how many calls find it away.
  init(failures: Int = 0) {
    state = Mutex((ended: [], failures: failures))
  }

  var ended: [DeviceID] { state.withLock { $0.ended } }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let request = request as? WireDisconnectDevice, let answer = WireDisconnectDeviceResponse() as? R.Response
    else { throw WireFailure(.unsupported, reason: "unsupported", message: "not what is asked here") }
    let device = DeviceID(bytes: request.deviceID)
    let isAway = state.withLock { state in
      guard state.failures > 0 else {
        if let device { state.ended.append(device) }
        return false
      }
      state.failures -= 1
      return true
    }
    if isAway { throw .stoppedService }
    if device == nil { throw WireFailure(.invalid, reason: "invalid-device-id", message: "a device ID is 16 bytes") }
    return answer
  }
}
