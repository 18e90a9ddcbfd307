package import DeviceProtocol
import FirmwareImage
package import Foundations
package import Messaging
import Synchronization
package import Wire

/// What the Registry knows of devices and their firmware, as the image store asks for it.
///
/// A version of a device never changes, so answers are remembered, for a bounded number and a
/// bounded time: a device that is deleted and made again counts from 1 again.
package final class FirmwareCatalog: Sendable {
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
  /// How long the Registry may take for the questions before an image is kept, which can go on without an answer.
  private static let lookDeadline = Duration.seconds(2)
  private static let deadline = Duration.seconds(10)

  private let registry: any RPCCaller
  private let known = Mutex(BoundedCache<Key, Remembered>(capacity: capacity))

  /// - Parameter registry: where devices and their versions are known.
  package init(registry: any RPCCaller) {
    self.registry = registry
  }

  /// Makes sure that there is such a device. If the Registry does not answer, that is no reason to refuse an upload:
  /// assigning it asks again.
  ///
  /// - Throws: `FirmwareError.unknownDevice` if there is none.
  package func requireDevice(_ device: DeviceID) async throws {
    var request = WireGetDevice()
    request.id = .init(device.bytes)
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.lookDeadline)
    } catch {
      if error.code == .notFound { throw FirmwareError.unknownDevice(device) }
      if !error.isTransient { throw FirmwareError.refused(error) }
    }
  }

  /// A client's wish to give an image to a `device`.
  package struct Order: Sendable {
    package let device: DeviceID
    /// The idempotency key: an order that is repeated with it makes no second version.
    package let key: String
    let requester: WireRequester
    let token: String

    /// - Parameters:
    ///   - key: for idempotency.
    ///   - token: what the client presented; empty where nobody is asked.
    package init(device: DeviceID, key: String, requester: WireRequester, token: String) {
      self.device = device
      self.key = key
      self.requester = requester
      self.token = token
    }
  }

  /// Asks the Registry whether it would refuse the image. If it does not answer, or does not know this question yet,
  /// that is no reason to refuse the image here: assigning it asks again.
  ///
  /// - Throws: what the Registry would refuse it for.
  package func check(_ image: WireAppImage, _ order: Order) async throws {
    var request = WireCheckAssignment()
    request.deviceID = .init(order.device.bytes)
    request.image = image
    request.idempotencyKey = order.key
    request.bearerToken = order.token
    request.source = order.requester.source
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.lookDeadline)
    } catch {
      if error.code == .notFound { throw FirmwareError.unknownDevice(order.device) }
      guard error.isTransient || error.code == .unsupported else { throw FirmwareError.refused(error) }
    }
  }

  /// Makes the image the device's next version.
  package func assign(_ image: WireAppImage, _ order: Order) async throws -> AssignedFirmware {
    let (device, key) = (order.device, order.key)
    var request = WireAssignImage()
    request.deviceID = .init(device.bytes)
    request.image = image
    request.idempotencyKey = key
    request.requester = order.requester
    request.bearerToken = order.token
    request.marks = (StepClock.current?.marks ?? []).map { mark in
      var wire = WireDeploymentMark()
      wire.name = mark.name
      wire.microseconds = mark.elapsed.wholeMicroseconds
      return wire
    }
    do throws(WireFailure) {
      let response = try await registry.call(request, deadline: Self.deadline)
      let firmware = try AssignedFirmware(
        device: device, version: response.version, digest: image.digest, configuration: response.configuration)
      remember(firmware)
      return firmware
    } catch {
      if error.code == .notFound { throw FirmwareError.unknownDevice(device) }
      // A Registry that lacks the key to sign with has answered: nothing is assigned, and its words say what to mend.
      guard error.isTransient, !DirectorKeyReason.contains(error.reason) else { throw FirmwareError.refused(error) }
      throw FirmwareError.assignmentUnknown(error, key: key, digest: SHA256Digest(bytes: image.digest))
    }
  }

  /// A version of a device's firmware; `version` nil: its newest.
  package func find(_ device: DeviceID, version: UInt64?) async throws -> AssignedFirmware {
    if let version, let firmware = recall(Key(device: device, version: version)) { return firmware }
    var request = WireFindFirmware()
    request.deviceID = .init(device.bytes)
    request.version = version ?? 0
    do throws(WireFailure) {
      let response = try await registry.call(request, deadline: Self.deadline)
      let firmware = try AssignedFirmware(
        device: device, version: response.version, digest: response.image.digest,
        configuration: response.configuration)
      remember(firmware)
      return firmware
    } catch {
      throw Self.refusal(error)
    }
  }

  /// The version that a device which polls should fetch; nil if it has confirmed its newest one, or gave that up.
  ///
  /// This is another question than the Registry's, whether to notify a device again (`reconcile` in `RegistryDomain`),
  /// and has another answer: a device on trial is to hear nothing more of the version, but until it confirms it, the
  /// version still waits for it here (docs/polling.md).
  package func waitingVersion(for device: DeviceID) async throws -> UInt64? {
    var request = WireGetDevice()
    request.id = .init(device.bytes)
    do throws(WireFailure) {
      let state = try await registry.call(request, deadline: Self.deadline)
      guard state.hasDesired else { return nil }
      // One on trial is not confirmed: whatever becomes of it, the version waits until then.
      let confirmed = state.reported.status == RunStatus.trial.rawValue ? 0 : state.reported.version
      guard state.desired.version > confirmed else { return nil }
      // What it could not keep is not offered again: an operator makes a new version of it.
      return state.reported.failed.version == state.desired.version ? nil : state.desired.version
    } catch {
      if error.code == .notFound { throw FirmwareError.unknownDevice(device) }
      throw Self.refusal(error)
    }
  }

  /// Hands on to the Registry what a device said of itself when it asked for its firmware by polling.
  package func record(
    _ status: PolledStatus, of device: DeviceID, requester: WireRequester
  ) async throws {
    var request = WireRecordPolledStatus()
    request.deviceID = .init(device.bytes)
    request.version = status.version
    request.status = status.status
    request.reason = status.reason ?? ""
    request.requester = requester
    do throws(WireFailure) {
      _ = try await registry.call(request, deadline: Self.deadline)
    } catch {
      throw Self.refusal(error)
    }
  }

  private static func refusal(_ failure: WireFailure) -> FirmwareError {
    failure.isTransient ? .registryUnavailable(failure) : .refused(failure)
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
}
