import FoundationEssentials
import Foundations
import Messaging
import Synchronization
import Wire

/// Plays a Provisioner some of whose devices enrolled, all without certificates, and remembers whom it was told to revoke,
/// and by whom, and whom to let in again. `ProvisionerOfRegistry` says what it has in common with the real one, unless it
/// is to fail.
final class PlayedProvisioner: RPCCaller {
  private struct State {
    var enrolled: Set<DeviceID> = []
    var revoked: Set<DeviceID> = []
    var revocations: [WireRevokeDevice] = []
    var reinstatements: [DeviceID] = []
  }

  private let failure: WireFailure?
  private let state = Mutex(State())

  /// - Parameter failure: what everything fails with that it is asked.
  init(failing failure: WireFailure? = nil) { self.failure = failure }

  /// What it was told to revoke, repeats too.
  var revocations: [WireRevokeDevice] { state.withLock { $0.revocations } }
  /// The devices of `revocations`.
  var revokedDevices: [DeviceID] { revocations.compactMap { DeviceID(bytes: $0.deviceID) } }
  /// Which devices it was told to let in again, repeats too.
  var reinstatements: [DeviceID] { state.withLock { $0.reinstatements } }

  func enroll(_ device: DeviceID) { state.withLock { _ = $0.enrolled.insert(device) } }

  /// A server that answers on the bus in its place.
  func server(listening address: String = "tcp://127.0.0.1:0") -> RPCServer {
    var router = RPCRouter()
    router.handle(WireRevokeDevice.self) { [self] request, _ in try await call(request) }
    router.handle(WireReinstateDevice.self) { [self] request, _ in try await call(request) }
    return RPCServer(name: "provisioner", listening: address, router: router, logger: .quiet)
  }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    let answer: any Sendable
    switch request {
    case let request as WireRevokeDevice: answer = try revoke(request)
    case let request as WireReinstateDevice: answer = try reinstate(request)
    default: throw WireFailure(.unsupported, reason: "unsupported", message: "not what the Registry asks")
    }
    guard let response = answer as? R.Response else {
      throw WireFailure(.internal, reason: "wrong-type", message: "the answer has another type")
    }
    return response
  }

  private func revoke(_ request: WireRevokeDevice) throws(WireFailure) -> WireRevokeDeviceResponse {
    let device = try Self.device(request.deviceID)
    guard request.reason.unicodeScalars.count <= 200 else {
      throw WireFailure(.invalid, reason: "invalid-reason", message: "reason is too long")
    }
    state.withLock { $0.revocations.append(request) }
    if let failure { throw failure }
    state.withLock { _ = $0.revoked.insert(device) }
    // There was no certificate to be taken back.
    return WireRevokeDeviceResponse()
  }

  private func reinstate(_ request: WireReinstateDevice) throws(WireFailure) -> WireReinstateDeviceResponse {
    let device = try Self.device(request.deviceID)
    state.withLock { $0.reinstatements.append(device) }
    if let failure { throw failure }
    let reinstated: Bool? = state.withLock { state in
      state.enrolled.contains(device) ? state.revoked.remove(device) != nil : nil
    }
    guard let reinstated else {
      throw WireFailure(.notFound, reason: "unknown-device", message: "the device has not enrolled here")
    }
    var response = WireReinstateDeviceResponse()
    response.reinstated = reinstated
    return response
  }

  private static func device(_ bytes: Data) throws(WireFailure) -> DeviceID {
    guard let device = DeviceID(bytes: bytes) else {
      throw WireFailure(.invalid, reason: "invalid-device-id", message: "a device ID is 16 bytes")
    }
    return device
  }
}
