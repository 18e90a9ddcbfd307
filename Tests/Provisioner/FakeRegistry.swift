import FirmwareImage
import Foundation
import Messaging
import Synchronization
import Wire

/// Makes devices as the Registry does: a repeat with the same ID and serial answers the device.
final class FakeRegistry: RPCCaller {
  struct State {
    var devices: [DeviceID: WireCreateDevice] = [:]
    var callCount = 0
    /// What the next calls fail with; before or after the device was made.
    var failures: [(WireFailure, afterwards: Bool)] = []
  }

  private let state = Mutex(State())

  var devices: [DeviceID: WireCreateDevice] { state.withLock { $0.devices } }
  var callCount: Int { state.withLock { $0.callCount } }

  func fail(_ times: Int, with failure: WireFailure, afterwards: Bool = false) {
    state.withLock { $0.failures += Array(repeating: (failure, afterwards: afterwards), count: times) }
  }

  func delete(_ device: DeviceID) {
    state.withLock { $0.devices[device] = nil }
  }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    guard let request = request as? WireCreateDevice, let id = DeviceID(bytes: request.id) else {
      throw WireFailure(.unsupported, reason: "unsupported", message: "not what a Provisioner asks")
    }
    let failure: WireFailure? = state.withLock { state in
      state.callCount += 1
      let planned = state.failures.isEmpty ? nil : state.failures.removeFirst()
      if let planned, !planned.afterwards { return planned.0 }
      if let known = state.devices[id], known.serial != request.serial {
        return WireFailure(.conflict, reason: "device-exists", message: "exists with another serial")
      }
      state.devices[id] = request
      return planned?.0
    }
    if let failure { throw failure }
    var device = WireDevice()
    device.id = request.id
    device.name = request.name
    guard let response = device as? R.Response else {
      throw WireFailure(.internal, reason: "wrong-type", message: "the answer has another type")
    }
    return response
  }
}

extension WireFailure {
  static var gone: WireFailure { WireFailure(.unavailable, reason: "no-server", message: "no server reached") }
}
