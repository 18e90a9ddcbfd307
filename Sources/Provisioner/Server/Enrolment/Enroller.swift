package import DeviceCertificates
import Foundations
package import Logging
package import Messaging
import Metrics
package import ProvisionerDomain
package import ProvisionerStorage
import ServiceLifecycle

/// Gives devices their identities.
///
/// First a device ID is reserved in the database, with the use of a claim if that is what the device came with. Then
/// the Registry makes the device with that ID, then its certificate is made and recorded, then the device is told.
/// Whatever breaks in between, a repeat with the same serial number and key goes on from there and gives the same
/// identity. Devices that ask at once are served in batches.
package final class Enroller: Service {
  private let reader: ApplicantReader
  private let store: EnrolmentStore
  private let webhook: EnrolmentWebhook?
  private let batches: BatchQueue<EnrolmentBatch.Item, Identity>
  private let logger: Logger
  private let granted = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "granted")])
  private let refused = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "refused")])
  private let failed = Counter(label: "provisioner_enrolments_total", dimensions: [("outcome", "failed")])

  /// What devices are told and must bring: the `endpoints` where they find the services, and whether they burn that
  /// they run only what a publisher signed (`isPublisherSignatureRequired`).
  package struct Options: Sendable {
    package var endpoints: DeviceEndpoints
    package var isPublisherSignatureRequired: Bool
    /// Whether devices may do without certificates.
    package var isInsecure: Bool

    package init(endpoints: DeviceEndpoints, isPublisherSignatureRequired: Bool = true, isInsecure: Bool) {
      self.endpoints = endpoints
      self.isPublisherSignatureRequired = isPublisherSignatureRequired
      self.isInsecure = isInsecure
    }
  }

  /// - Parameters:
  ///   - issuer: nil only where devices may do without certificates.
  ///   - webhook: who may veto; nil: nobody.
  package init(
    store: EnrolmentStore, factories: FactoryStore, registry: any RPCCaller, anchors: RegistryTrustAnchors,
    issuer: (any CertificateIssuer)?, webhook: EnrolmentWebhook?, options: Options, logger: Logger
  ) {
    reader = ApplicantReader(factories: factories, isInsecure: options.isInsecure)
    self.store = store
    self.webhook = webhook
    self.logger = logger
    let batch = EnrolmentBatch(
      store: store, registry: registry, anchors: anchors, issuer: issuer, options: options, logger: logger)
    // Enough under way that the processors have work while others wait for the disk.
    batches = BatchQueue(maximumBatch: 64, workerCount: 4, queueLimit: 4096) { await batch.enroll($0) }
  }

  /// Serves those who ask, until the process shuts down.
  package func run() async throws {
    try await batches.run()
  }

  /// Whether a claim or registered device has this secret.
  package func isKnown(secretHash: [UInt8]) async throws -> Bool { try await store.isKnown(secretHash: secretHash) }

  /// Gives a device its identity.
  ///
  /// - Throws: why it gets none, in words for the device.
  package func enroll(_ request: EnrolmentRequest) async throws -> Identity {
    // A factory's certificate has its own.
    var serial = request.serial
    do {
      let reading = try await reader.read(request)
      serial = reading.applicant.serial
      if let webhook { try await ask(webhook, reading.applicant) }
      let identity = try await batches.submit(
        EnrolmentBatch.Item(
          applicant: reading.applicant, certificateRequest: reading.certificateRequest,
          pollingToken: reading.pollingToken))
      granted.increment()
      return identity
    } catch let refusal as EnrolmentRefusal {
      // The log tells the operator what the answer does not tell the device.
      note(refusal.reason, serial, claim: refusal.claim)
      throw refusal.failure(serial: serial)
    } catch let failure as RequestFailure where failure.code == .invalid || failure.code == .permissionDenied {
      note(failure.reason, serial, claim: nil)
      throw failure
    } catch {
      failed.increment()
      throw error
    }
  }

  private func note(_ reason: String, _ serial: String, claim: ClaimID?) {
    refused.increment()
    logger.notice(
      "enrolment refused",
      metadata: [
        "reason": "\(reason)", "claim": "\(claim?.description ?? "none")",
        "serial": "\((try? EnrolmentFieldRules.serial(serial)) ?? "(none)")",
      ])
  }

  private func ask(_ webhook: EnrolmentWebhook, _ applicant: Applicant) async throws {
    // Whoever is refused anyway is refused below.
    guard let (placement, claim) = try await store.placement(applicant) else { return }
    try await webhook.ask(
      EnrolmentWebhook.Question(
        serial: applicant.serial, product: placement.product, group: placement.group, claim: claim?.description,
        publicKeyHash: applicant.proof.keyHash.map { Hexadecimal.encode($0) },
        pollingOnly: applicant.proof.tokenHash != nil))
  }
}
