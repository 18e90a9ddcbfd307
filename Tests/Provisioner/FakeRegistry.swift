import Foundation
import Foundations
import Messaging
import Synchronization
import TestSupport
import Wire

/// Makes devices as the Registry does, where a repeat with the same ID and serial answers the device, and has a
/// director key and root documents. `RegistryOfDevices` says what it has in common with the real one.
final class FakeRegistry: RPCCaller {
  struct State {
    var devices: [DeviceID: WireCreateDevice] = [:]
    /// How often it was asked to make devices.
    var callCount = 0
    /// What the next of those calls fail with; before or after the devices were made.
    var failures: [(WireFailure, afterwards: Bool)] = []
    /// Whether it makes devices without saying so.
    var isSilent = false
    var directorKey: [UInt8]?
    /// By version, from 1.
    var rootDocuments: [[UInt8]] = []
  }

  private let state = Mutex(State())

  var devices: [DeviceID: WireCreateDevice] { state.withLock { $0.devices } }
  var callCount: Int { state.withLock { $0.callCount } }

  func fail(_ times: Int, with failure: WireFailure, afterwards: Bool = false) {
    state.withLock { $0.failures += Array(repeating: (failure, afterwards: afterwards), count: times) }
  }

  /// From now on it makes devices and does not answer that, until whoever asks gives up; or it answers again.
  func keepSilent(_ isSilent: Bool) {
    state.withLock { $0.isSilent = isSilent }
  }

  /// A server that answers on the bus in its place.
  func server() -> RPCServer {
    var router = RPCRouter()
    router.handle(WireCreateDevices.self) { [self] request, _ in
      let response = try await call(request)
      if state.withLock({ $0.isSilent }) { try await untilCancelled() }
      return response
    }
    router.handle(WireListDirectorKeys.self) { [self] request, _ in try await call(request) }
    router.handle(WireGetRootDocument.self) { [self] request, _ in try await call(request) }
    return RPCServer(name: "registry", listening: "tcp://127.0.0.1:0", router: router, logger: quietLogger)
  }

  func delete(_ device: DeviceID) {
    state.withLock { $0.devices[device] = nil }
  }

  /// From now on there is something for devices to trust.
  func publish(directorKey: [UInt8], rootDocument: [UInt8]) {
    state.withLock { state in
      state.directorKey = directorKey
      state.rootDocuments.append(rootDocument)
    }
  }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    let answer: any Sendable
    switch request {
    case let request as WireCreateDevices: answer = try create(request)
    case is WireListDirectorKeys: answer = directorKeys()
    case let request as WireGetRootDocument: answer = try rootDocument(request)
    default: throw WireFailure(.unsupported, reason: "unsupported", message: "not what a Provisioner asks")
    }
    guard let response = answer as? R.Response else {
      throw WireFailure(.internal, reason: "wrong-type", message: "the answer has another type")
    }
    return response
  }

  private func create(_ request: WireCreateDevices) throws(WireFailure) -> WireCreateDevicesResponse {
    guard request.devices.count <= 500 else {
      throw WireFailure(.invalid, reason: "invalid-devices", message: "devices are too many")
    }
    let (failure, outcomes): (WireFailure?, [WireCreateDeviceOutcome]) = state.withLock { state in
      state.callCount += 1
      let planned = state.failures.isEmpty ? nil : state.failures.removeFirst()
      if let planned, !planned.afterwards { return (planned.0, []) }
      let outcomes = request.devices.map { device in
        var outcome = WireCreateDeviceOutcome()
        outcome.id = device.id
        if let refusal = Self.refusal(of: device, state.devices) {
          outcome.reason = refusal
          outcome.message = "it was not made"
        } else if let id = DeviceID(bytes: device.id) {
          state.devices[id] = device
        }
        return outcome
      }
      return (planned?.0, outcomes)
    }
    if let failure { throw failure }
    var response = WireCreateDevicesResponse()
    response.outcomes = outcomes
    return response
  }

  private static func refusal(of device: WireCreateDevice, _ known: [DeviceID: WireCreateDevice]) -> String? {
    guard let id = DeviceID(bytes: device.id) else { return "invalid-device-id" }
    if device.name.isEmpty { return "invalid-name" }
    return known[id].map { $0.serial != device.serial } ?? false ? "device-exists" : nil
  }

  private func directorKeys() -> WireListDirectorKeysResponse {
    var response = WireListDirectorKeysResponse()
    if let publicKey = state.withLock({ $0.directorKey }) {
      var key = WireDirectorKey()
      key.publicKey = Data(publicKey)
      key.state = "active"
      response.keys = [key]
    }
    return response
  }

  private func rootDocument(_ request: WireGetRootDocument) throws(WireFailure) -> WireRootDocument {
    let documents = state.withLock { $0.rootDocuments }
    let version = request.version == 0 ? documents.count : Int(request.version)
    guard (1...max(documents.count, 1)).contains(version), !documents.isEmpty else {
      throw WireFailure(.notFound, reason: "unknown-root-document", message: "there is no such version")
    }
    var response = WireRootDocument()
    response.version = UInt64(version)
    response.document = Data(documents[version - 1])
    return response
  }
}
