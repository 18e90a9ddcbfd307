import Foundations

@testable import RegistryDomain
@testable import RegistryStorage

extension Fixture {
  /// A device with version 1 assigned and its first notification done, and what it should run.
  static func assigned(_ options: RegistryStore.Options) async throws -> (Fixture, DeviceID, FirmwareReference) {
    let fixture = try await Fixture.make(options: options)
    let device = try await fixture.device()
    let image = try PublishedApp.sample()
    _ = try await fixture.store.assign(image, to: device, idempotencyKey: "k")
    try await fixture.acknowledgeAll()
    return (fixture, device, image.reference(1))
  }

  /// Every notification that waits is told, and taken.
  func acknowledgeAll() async throws {
    let claim = DeviceID.random().bytes
    let batch = try await store.claimOutbox(limit: 100, lease: .seconds(5), claim: claim)
    let outcome = DeliveryOutcome(
      batch, answer: .success(Array(repeating: .acknowledged, count: batch.count)),
      backoff: RetryBackoff(longest: .seconds(1))
    ) { 0 }
    try await store.settleOutbox(outcome, claim: claim)
  }
}
