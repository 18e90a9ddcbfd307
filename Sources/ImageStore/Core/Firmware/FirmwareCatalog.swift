import Foundations
import HTTPTypes
import Messaging
import ServiceHTTP
import ServiceKit
import Synchronization
import Wire

/// What the Registry knows of devices and their firmware, as the image store asks for it.
///
/// A version of a device never changes, so answers are remembered, for a bounded number and a
/// bounded time: a device that is deleted and made again counts from 1 again.
final class FirmwareCatalog: Sendable {
  private struct Key: Hashable {
    var device: DeviceID
    var version: UInt64
  }

  private struct Remembered {
    var firmware: AssignedFirmware
    var until: ContinuousClock.Instant
  }

  /// Entries take about 1 KiB each.
  private static let capacity = 8_192
  private static let lifetime = Duration.seconds(30)
  /// For the questions before an image is kept, which can go on without an answer.
  private static let lookDeadline = Duration.seconds(2)
  private static let deadline = Duration.seconds(10)

  private let registry: any RPCCaller
  private let known = Mutex(BoundedCache<Key, Remembered>(capacity: capacity))

  init(registry: any RPCCaller) {
    self.registry = registry
  }

  /// Throws 404 if there is no such device. A Registry that does not answer is no reason to refuse
  /// an upload: assigning it asks again.
  func requireDevice(_ device: DeviceID, trace: String) async throws {
    var request = WireGetDevice()
    request.id = .init(device.bytes)
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.lookDeadline, traceParent: trace)
    } catch {
      if error.code == .notFound { throw Self.unknownDevice(device) }
      if !error.isTransient { throw ProblemError(registry: error) }
    }
  }

  /// A client's wish to give an image to a device.
  struct Order: Sendable {
    let device: DeviceID
    /// For idempotency.
    let key: String
    let requester: WireRequester
    /// What the client presented; nil where nobody is asked.
    let token: PresentedToken?
    let trace: String
  }

  /// Throws what the Registry would refuse the image for. One that does not answer, or does not know this question yet,
  /// is no reason to refuse it here: assigning it asks again.
  func check(_ image: WireAppImage, _ order: Order) async throws {
    var request = WireCheckAssignment()
    request.deviceID = .init(order.device.bytes)
    request.image = image
    request.idempotencyKey = order.key
    request.bearerToken = order.token?.text ?? ""
    request.source = order.requester.source
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.lookDeadline, traceParent: order.trace)
    } catch {
      if error.code == .notFound { throw Self.unknownDevice(order.device) }
      guard error.isTransient || error.code == .unsupported else { throw ProblemError(registry: error) }
    }
  }

  /// Makes the image the device's next version.
  func assign(_ image: WireAppImage, _ order: Order) async throws -> AssignedFirmware {
    let (device, key) = (order.device, order.key)
    var request = WireAssignImage()
    request.deviceID = .init(device.bytes)
    request.image = image
    request.idempotencyKey = key
    request.requester = order.requester
    request.bearerToken = order.token?.text ?? ""
    do throws(WireFailure) {
      let response = try await registry.call(request, deadline: Self.deadline, traceParent: order.trace)
      let firmware = try AssignedFirmware(
        device: device, version: response.version, digest: image.digest, lengthBytes: image.lengthBytes,
        configuration: response.configuration)
      remember(firmware)
      return firmware
    } catch {
      if error.code == .notFound { throw Self.unknownDevice(device) }
      guard error.isTransient else { throw ProblemError(registry: error) }
      throw ProblemError(
        .serviceUnavailable, reason: "registry-unavailable",
        detail: "The image is stored, but the Registry did not answer, so it may not be assigned. Send it again "
          + "with the same Idempotency-Key: that is safe whether it was or not. (\(error.message))",
        headers: [.retryAfter: error.retryAfterSeconds],
        members: ["idempotencyKey": .text(key), "digest": .text(SHA256Digest(bytes: image.digest)?.description ?? "")])
    }
  }

  /// A version of a device; nil for its newest.
  func find(_ device: DeviceID, version: UInt64?, trace: String) async throws -> AssignedFirmware {
    if let version, let firmware = recall(Key(device: device, version: version)) { return firmware }
    var request = WireFindFirmware()
    request.deviceID = .init(device.bytes)
    request.version = version ?? 0
    do throws(WireFailure) {
      let response = try await registry.call(request, deadline: Self.deadline, traceParent: trace)
      let firmware = try AssignedFirmware(
        device: device, version: response.version, digest: response.image.digest,
        lengthBytes: response.image.lengthBytes, configuration: response.configuration)
      remember(firmware)
      return firmware
    } catch {
      throw Self.refusal(error)
    }
  }

  /// The version that a device should fetch; nil if it has confirmed its newest one, or gave that up.
  func waitingVersion(for device: DeviceID, trace: String) async throws -> UInt64? {
    var request = WireGetDevice()
    request.id = .init(device.bytes)
    do throws(WireFailure) {
      let state = try await registry.call(request, deadline: Self.deadline, traceParent: trace)
      guard state.hasDesired else { return nil }
      // One on trial is not confirmed: whatever becomes of it, the version waits until then.
      let confirmed = state.reported.status == "trial" ? 0 : state.reported.version
      guard state.desired.version > confirmed else { return nil }
      // What it could not keep is not offered again: an operator makes a new version of it.
      return state.reported.failed.version == state.desired.version ? nil : state.desired.version
    } catch {
      if error.code == .notFound { throw Self.unknownDevice(device) }
      throw Self.refusal(error)
    }
  }

  /// Hands on what a device said of itself at the polling door.
  func record(
    _ status: PolledStatus, of device: DeviceID, requester: WireRequester, trace: String
  ) async throws {
    var request = WireRecordPolledStatus()
    request.deviceID = .init(device.bytes)
    request.version = status.version
    request.status = status.status
    request.reason = status.reason ?? ""
    request.requester = requester
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.deadline, traceParent: trace)
    } catch {
      throw Self.refusal(error)
    }
  }

  private static func refusal(_ failure: WireFailure) -> ProblemError {
    guard failure.isTransient else { return ProblemError(registry: failure) }
    return ProblemError.unavailable(
      reason: "registry-unavailable", detail: "The Registry did not answer. Try again. (\(failure.message))",
      retryAfterSeconds: Int(failure.retryAfterSeconds) ?? 1)
  }

  private func recall(_ key: Key) -> AssignedFirmware? {
    known.withLock { known in
      guard let entry = known[key], entry.until > .now else { return nil }
      return entry.firmware
    }
  }

  private func remember(_ firmware: AssignedFirmware) {
    let key = Key(device: firmware.device, version: firmware.version)
    known.withLock { $0[key] = Remembered(firmware: firmware, until: .now + Self.lifetime) }
  }

  private static func unknownDevice(_ device: DeviceID) -> ProblemError {
    ProblemError(
      .notFound, reason: "unknown-device",
      detail: "There is no device \(device). Check the ID, or create the device first.",
      members: ["device": .text(device.description)])
  }
}

extension WireFailure {
  /// Whether asking again may help.
  var isTransient: Bool { [.unavailable, .overloaded, .deadlineExceeded].contains(code) }

  var retryAfterSeconds: String { String(max(1, (Int(retryAfterMilliseconds) + 999) / 1_000)) }
}

extension ProblemError {
  /// A refusal of the Registry that is the client's to know.
  init(registry failure: WireFailure) {
    let status: HTTPResponse.Status =
      switch failure.code {
      case .invalid: .unprocessableContent
      case .notFound: .notFound
      case .conflict: .conflict
      case .permissionDenied: .forbidden
      default: .badGateway
      }
    self.init(status, reason: failure.reason, detail: failure.message)
  }
}
