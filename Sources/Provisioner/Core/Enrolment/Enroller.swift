package import FirmwareImage
import Foundation
package import Logging
package import Messaging
import Metrics
import OpenSSL
import Wire

/// Gives devices their identities.
///
/// First a use of the claim and a device ID are reserved in the database, then the Registry makes
/// the device with that ID, then the device is told. Whatever breaks in between, a repeat with the
/// same claim and serial goes on from there and gives the same identity.
package struct Enroller: Sendable {
  /// What a device becomes.
  package struct Identity: Sendable, Equatable {
    package var device: DeviceID
    package var name: String
    package var endpoints: DeviceEndpoints
  }

  private let store: EnrolmentStore
  private let registry: any RPCCaller
  private let endpoints: DeviceEndpoints
  private let logger: Logger
  private let granted = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "granted")])
  private let refused = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "refused")])
  private let failed = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "failed")])

  package init(store: EnrolmentStore, registry: any RPCCaller, endpoints: DeviceEndpoints, logger: Logger) {
    self.store = store
    self.registry = registry
    self.endpoints = endpoints
    self.logger = logger
  }

  /// - Parameter deadline: time for the Registry's part.
  package func enroll(
    token: String, serial: String, deadline: Duration = .seconds(5), traceParent: String? = nil
  ) async throws -> Identity {
    let serial = try FieldRules.serial(serial)
    // Not said to be too long: that would tell how long tokens are.
    guard token.utf8.count <= FieldRules.tokenLength else { throw refuse("unknown", claim: nil, serial: serial) }
    let (enrolment, claim) = try await reserve(ClaimToken(text: token), serial)
    do {
      try await register(enrolment, claim, deadline, traceParent)
      try await store.markRegistered(enrolment.device)
    } catch {
      failed.increment()
      throw error
    }
    granted.increment()
    logger.info(
      "device enrolled",
      metadata: ["device": "\(enrolment.device)", "serial": "\(serial)", "claim": "\(claim.id)"])
    return Identity(device: enrolment.device, name: enrolment.name, endpoints: endpoints)
  }

  private func reserve(_ token: ClaimToken, _ serial: String) async throws -> (Enrolment, Claim) {
    switch try await store.reserve(tokenHash: token.hash, serial: serial) {
    case .granted(let enrolment, let claim): return (enrolment, claim)
    case .unknown: throw refuse("unknown", claim: nil, serial: serial)
    case .expired(let claim): throw refuse("expired", claim: claim, serial: serial)
    case .revoked(let claim): throw refuse("revoked", claim: claim, serial: serial)
    case .exhausted(let claim):
      _ = refuse("exhausted", claim: claim, serial: serial)
      throw WireFailure.claimExhausted(count: claim.count)
    }
  }

  /// The log tells the operator what the answer does not tell the device.
  private func refuse(_ reason: String, claim: Claim?, serial: String) -> WireFailure {
    refused.increment()
    logger.notice(
      "enrolment refused",
      metadata: ["reason": "\(reason)", "claim": "\(claim?.id.description ?? "none")", "serial": "\(serial)"])
    return .claimRefused
  }

  /// Done for enrolments of old too: the Registry may have lost or deleted the device, and a device
  /// that enrols again may count its reports anew.
  private func register(
    _ enrolment: Enrolment, _ claim: Claim, _ deadline: Duration, _ traceParent: String?
  ) async throws(WireFailure) {
    var request = WireCreateDevice()
    request.id = Data(enrolment.device.bytes)
    request.name = enrolment.name
    request.tags = claim.tags
    request.serial = enrolment.serial
    do {
      // With an ID of our own choice it is safe to repeat, which the bus can't know.
      do {
        _ = try await registry.call(request, deadline: deadline / 2, traceParent: traceParent)
      } catch  where error.code == .unavailable || error.code == .deadlineExceeded {
        _ = try await registry.call(request, deadline: deadline / 2, traceParent: traceParent)
      }
    } catch {
      logger.error(
        "the Registry did not make the device",
        metadata: ["device": "\(enrolment.device)", "serial": "\(enrolment.serial)", "error": "\(error)"])
      switch error.code {
      case .unavailable, .deadlineExceeded, .overloaded: throw .registryUnavailable
      default:
        throw WireFailure(
          .internal, reason: "registry-refused",
          message: "the Registry refused the device: ask the operator to look at the log")
      }
    }
  }
}
