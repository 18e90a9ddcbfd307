import Authorization
import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import Messaging
import OpenSSL
import SwiftProtobuf
import Synchronization
import Wire

/// A Registry in memory: it knows some devices, counts their versions, honours idempotency keys,
/// and can be made to fail. It also says whose polling tokens are whose, as a Provisioner does.
///
/// `RegistryOfImages` and `ProvisionerOfImages` say what it has in common with the real ones.
final class ScriptedRegistry: RPCCaller {
  struct State {
    var devices: Set<DeviceID> = []
    var firmware: [DeviceID: [WireFirmware]] = [:]
    var byKey: [String: WireFirmware] = [:]
    var failures: [String: WireFailure] = [:]
    var calls: [String: Int] = [:]
    var assigned: [WireAssignImage] = []
    var reported: [DeviceID: WireReportedState] = [:]
    var pollingTokens: [Data: DeviceID] = [:]
    var tokens: [Data: Set<AccessScope>] = [:]
    var authorized: [WireAuthorizeRequest] = []
    var rootDocument: [UInt8]?
    var checked: [WireCheckAssignment] = []
    /// Of which no assignment is answered yet, and who waits for that.
    var held: Set<DeviceID> = []
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  let state = Mutex(State())

  func addDevice() -> DeviceID {
    let device = DeviceID.random()
    state.withLock { _ = $0.devices.insert(device) }
    return device
  }

  /// A token for operators.
  func addToken(_ text: String, _ scopes: Set<AccessScope>) throws {
    let hash = Data(try SHA256.digest(of: Array(text.utf8)))
    state.withLock { $0.tokens[hash] = scopes }
  }

  /// A token for a device's polling door; nil takes it back.
  func setPollingToken(_ text: String, of device: DeviceID?) throws {
    let hash = Data(try SHA256.digest(of: Array(text.utf8)))
    state.withLock { $0.pollingTokens[hash] = device }
  }

  /// What the device said that it runs.
  func report(_ device: DeviceID, version: UInt64, status: String, failed: UInt64? = nil) {
    var state = WireReportedState()
    state.version = version
    state.status = status
    if let failed { state.failed.version = failed }
    self.state.withLock { $0.reported[device] = state }
  }

  /// Makes every request of a kind fail, until called with nil.
  func fail<R: WireRequest>(_ type: R.Type, _ failure: WireFailure?) {
    state.withLock { $0.failures[R.kind] = failure }
  }

  func calls<R: WireRequest>(_ type: R.Type) -> Int {
    state.withLock { $0.calls[R.kind, default: 0] }
  }

  func versions(of device: DeviceID) -> [WireFirmware] {
    state.withLock { $0.firmware[device, default: []] }
  }

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    if let request = request as? WireAssignImage { await waitWhileHeld(request.deviceID) }
    let response = try answer(request)
    guard let response = response as? R.Response else {
      throw WireFailure(.unsupported, reason: "unknown-kind", message: R.kind)
    }
    return response
  }

  /// Assignments to the device are not answered until `release`.
  func hold(_ device: DeviceID) { state.withLock { _ = $0.held.insert(device) } }

  func release(_ device: DeviceID) {
    let waiting = state.withLock { state in
      state.held.remove(device)
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  private func waitWhileHeld(_ bytes: Data) async {
    guard let device = DeviceID(bytes: bytes) else { return }
    while state.withLock({ $0.held.contains(device) }) {
      await withCheckedContinuation { continuation in
        let isHeld = state.withLock { state in
          guard state.held.contains(device) else { return false }
          state.waiting.append(continuation)
          return true
        }
        if !isHeld { continuation.resume() }
      }
    }
  }

  private func answer<R: WireRequest>(_ request: R) throws(WireFailure) -> any Sendable {
    let failure = state.withLock { state in
      state.calls[R.kind, default: 0] += 1
      return state.failures[R.kind]
    }
    if let failure { throw failure }
    switch request {
    case let request as WireGetDevice:
      return try device(request.id)
    case let request as WireAuthorizeRequest: return try authorize(request)
    case let request as WireFindPollingDevice:
      guard let id = state.withLock({ $0.pollingTokens[request.tokenHash] }) else {
        throw WireFailure(.notFound, reason: "unknown-token", message: "nobody has it")
      }
      var answer = WirePollingDevice()
      answer.deviceID = Data(id.bytes)
      return answer
    case let request as WireAssignImage: return try assign(request)
    case let request as WireRecordPolledStatus: return try record(request)
    case let request as WireCheckAssignment:
      state.withLock { $0.checked.append(request) }
      _ = try admit(request.image, request.deviceID, key: request.idempotencyKey, token: request.bearerToken)
      return WireCheckAssignmentResponse()
    case let request as WireFindFirmware:
      let id = try require(request.deviceID)
      let found = versions(of: id).last { request.version == 0 || $0.version == request.version }
      guard let found else {
        throw WireFailure(
          .notFound, reason: request.version == 0 ? "no-firmware" : "unknown-firmware",
          message: "the device has no such version")
      }
      return found
    case is WireGetRootDocument:
      guard let document = state.withLock({ $0.rootDocument }) else {
        throw WireFailure(.notFound, reason: "unknown-root-document", message: "there is no root document")
      }
      return WireRootDocument.with { $0.document = Data(document) }
    default: throw WireFailure(.unsupported, reason: "unknown-kind", message: R.kind)
    }
  }

  private func device(_ bytes: Data) throws(WireFailure) -> WireDevice {
    let id = try require(bytes)
    var device = WireDevice()
    device.id = bytes
    if let newest = versions(of: id).last {
      device.desired.version = newest.version
      device.desired.digest = newest.image.digest
    }
    if let reported = state.withLock({ $0.reported[id] }) { device.reported = reported }
    return device
  }

  private func record(_ request: WireRecordPolledStatus) throws(WireFailure) -> WireRecordPolledStatusResponse {
    guard RunStatus(rawValue: request.status) != nil else { throw Self.invalid("status") }
    guard request.version > 0 else { throw Self.invalid("version") }
    let id = try require(request.deviceID)
    guard versions(of: id).contains(where: { $0.version == request.version }) else {
      throw WireFailure(.notFound, reason: "unknown-firmware", message: "the device has no such version")
    }
    let isFailure = ["rolled-back", "refused"].contains(request.status)
    let running = state.withLock { $0.reported[id]?.version ?? 0 }
    report(
      id, version: isFailure ? running : request.version, status: request.status,
      failed: isFailure ? request.version : nil)
    return WireRecordPolledStatusResponse()
  }

  private func authorize(_ request: WireAuthorizeRequest) throws(WireFailure) -> WireAuthorizeRequestResponse {
    state.withLock { $0.authorized.append(request) }
    guard let wanted = AccessScope(rawValue: request.scope) else { throw Self.invalid("scope") }
    let hash = request.bearerToken.isEmpty ? request.tokenHash : Self.hash(request.bearerToken)
    var answer = WireAuthorizeRequestResponse()
    switch scopes(of: hash, for: wanted) {
    case .success(let scopes):
      answer.principal = "token:test"
      answer.scopes = scopes.map(\.rawValue)
    case .failure(let refusal): answer.reason = refusal.reason.rawValue
    }
    return answer
  }

  private struct Refusal: Error {
    let reason: RefusedToken
  }

  private func scopes(of hash: Data, for wanted: AccessScope) -> Result<Set<AccessScope>, Refusal> {
    guard let scopes = state.withLock({ $0.tokens[hash] }) else { return .failure(Refusal(reason: .unknown)) }
    return scopes.contains { $0 >= wanted } ? .success(scopes) : .failure(Refusal(reason: .missingScope))
  }

  private static func hash(_ token: String) -> Data {
    Data((try? SHA256.digest(of: Array(token.utf8))) ?? [])
  }

  private static func invalid(_ field: String) -> WireFailure {
    WireFailure(.invalid, reason: "invalid-\(field)", message: "\(field) is wrong")
  }

  private func require(_ bytes: Data) throws(WireFailure) -> DeviceID {
    guard let id = DeviceID(bytes: bytes) else { throw Self.invalid("device-id") }
    guard state.withLock({ $0.devices.contains(id) }) else {
      throw WireFailure(.notFound, reason: "unknown-device", message: "there is no such device")
    }
    return id
  }

  /// - Returns: the version that a request with the key made before.
  private func admit(
    _ image: WireAppImage, _ bytes: Data, key: String, token: String
  ) throws(WireFailure) -> WireFirmware? {
    guard DeviceID(bytes: bytes) != nil else { throw Self.invalid("device-id") }
    if !token.isEmpty, case .failure(let refusal) = scopes(of: Self.hash(token), for: .deploy) {
      throw WireFailure(.permissionDenied, reason: refusal.reason.rawValue, message: "the token may not deploy")
    }
    guard SHA256Digest(bytes: image.digest) != nil else { throw Self.invalid("digest") }
    let device = try require(bytes)
    guard let known = state.withLock({ $0.byKey["\(device) \(key)"] }) else { return nil }
    guard known.image == image else {
      throw WireFailure(.conflict, reason: "idempotency-key-reused", message: "the key was used for another image")
    }
    return known
  }

  private func assign(_ request: WireAssignImage) throws(WireFailure) -> WireAssignImageResponse {
    state.withLock { $0.assigned.append(request) }
    let known = try admit(request.image, request.deviceID, key: request.idempotencyKey, token: request.bearerToken)
    let device = try require(request.deviceID)
    let firmware = state.withLock { state in
      let key = "\(device) \(request.idempotencyKey)"
      if let known = state.byKey[key] { return known }
      var firmware = WireFirmware()
      firmware.deviceID = request.deviceID
      firmware.version = UInt64(state.firmware[device, default: []].count + 1)
      firmware.image = request.image
      firmware.configuration = Data(Self.configuration(device, firmware.version, request.image).encoded())
      state.firmware[device, default: []].append(firmware)
      state.byKey[key] = firmware
      return firmware
    }
    var response = WireAssignImageResponse()
    response.version = firmware.version
    response.configuration = firmware.configuration
    response.repeated = known != nil
    return response
  }

  private static func configuration(_ device: DeviceID, _ version: UInt64, _ image: WireAppImage) -> ImageConfiguration
  {
    let publisher = KeyID(bytes: image.publisherKeyID).flatMap {
      ImageSignature(keyID: $0, signature: image.publisherSignature)
    }
    // The image store has checked each of these before it asks.
    let app = try! AppDescription(
      wasmLength: image.lengthBytes, wasmDigest: SHA256Digest(bytes: image.digest)!,
      securityEpoch: image.securityEpoch, hostAPILevel: image.hostApiLevel, name: AppLabel(image.appName),
      version: AppLabel(image.appVersion))
    return ImageConfiguration(
      device: device, manifest: try! ImageManifest(firmwareVersion: version, app: app, publisher: publisher))
  }
}
