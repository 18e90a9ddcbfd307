package import Foundations
package import Messaging
import Synchronization
import Wire

import struct Foundation.Data

/// Finds out by a polling token which device has it, as the Provisioner knows it.
package final class PollingTokens: Sendable {
  private struct Found {
    var device: DeviceID
    var until: ContinuousClock.Instant
  }

  private static let capacity = 8_192
  /// How long an answer is remembered: so long at most is a token good that was taken back.
  private static let lifetime = Duration.seconds(2)
  private static let deadline = Duration.seconds(5)

  private let provisioner: any RPCCaller
  private let found = Mutex(BoundedCache<[UInt8], Found>(capacity: capacity))

  /// - Parameter provisioner: asked whose a token is.
  package init(provisioner: any RPCCaller) {
    self.provisioner = provisioner
  }

  /// Whether the token was good when it was last asked about, some time ago perhaps.
  package func isKnown(_ hash: [UInt8]) -> Bool { found.withLock { $0[hash] != nil } }

  /// The device that has a token.
  ///
  /// - Parameter hash: SHA-256 of the token.
  /// - Returns: nil for a token that nobody has.
  package func device(of hash: [UInt8]) async throws -> DeviceID? {
    if let entry = found.withLock({ $0[hash] }), entry.until > .now { return entry.device }
    var request = WireFindPollingDevice()
    request.tokenHash = Data(hash)
    do throws(WireFailure) {
      let answer = try await provisioner.call(request, deadline: Self.deadline)
      let device = DeviceID(bytes: answer.deviceID)
      found.withLock { $0[hash] = device.map { Found(device: $0, until: .now + Self.lifetime) } }
      return device
    } catch {
      guard error.isTransient else {
        found.withLock { $0[hash] = nil }
        if error.code == .notFound || error.code == .permissionDenied { return nil }
        throw FirmwareError.refused(error)
      }
      throw FirmwareError.provisionerUnavailable(error)
    }
  }
}
