import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import OpenSSL
import PostgreSQL
import RegistryStorage
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryMessages

/// The director puts its name to nothing that devices would not take, whoever asks.
@Suite(.seated) struct PublisherVerificationTests {
  private struct Party {
    let trust: TrustFixture
    let key: Ed25519.PrivateKey
    let device: DeviceID

    static func make(_ policy: PublisherPolicy = .required) async throws -> Party {
      let party = Party(
        trust: try await TrustFixture.make(publishers: policy), key: try Ed25519.PrivateKey(),
        device: DeviceID.random())
      try await party.trust.store.ensureDirectorKey()
      try await party.trust.publish(publishers: [party.delegation])
      _ = try await party.trust.fixture.device(id: party.device)
      return party
    }

    /// For apps named "pump".
    var delegation: PublisherDelegation {
      get throws {
        PublisherDelegation(key: try TrustedKey(key.publicKey()), apps: .named([try AppLabel("pump")]))
      }
    }

    func image(
      _ number: Int = 1, name: String = "pump", epoch: UInt32 = 0, by signer: Ed25519.PrivateKey? = nil
    ) throws -> PublishedApp {
      let app = try AppDescription(
        wasmLength: 1_000, wasmDigest: SHA256Digest.of("wasm \(number)".utf8), securityEpoch: epoch, hostAPILevel: 1,
        name: AppLabel(name))
      return PublishedApp(app: app, publisher: try app.signed(by: signer ?? key))
    }

    func refusal(of image: PublishedApp, key: String = "k") async throws -> RequestFailure? {
      var refusals: [RequestFailure?] = []
      do { try await trust.store.checkAssignment(image, to: device, idempotencyKey: key); refusals.append(nil) } catch {
        refusals.append(error as? RequestFailure)
      }
      do { _ = try await trust.store.assign(image, to: device, idempotencyKey: key); refusals.append(nil) } catch {
        refusals.append(error as? RequestFailure)
      }
      #expect(refusals[0]?.reason == refusals[1]?.reason)
      return refusals[1]
    }
  }

  @Test func whatNoDeviceWouldTakeIsNotSigned() async throws {
    let party = try await Party.make()
    let good = try party.image()
    var unsigned = good
    unsigned.publisher = nil
    var other = good
    other.app = try party.image(2).app
    for (image, reason) in [
      (unsigned, "image-publisher-signature-missing"), (other, "image-publisher-signature-wrong"),
      (try party.image(by: Ed25519.PrivateKey()), "image-publisher-key-unknown"),
      (try party.image(name: "valve"), "image-publisher-not-delegated"),
    ] {
      let refusal = try await party.refusal(of: image)
      #expect(refusal?.code == .invalid && refusal?.reason == reason, "\(String(describing: refusal))")
    }
    #expect(try await party.trust.fixture.count("select count(*) from registry.firmware") == 0)
    #expect(try await party.refusal(of: good) == nil)
  }

  @Test func whereNoPublisherIsRequiredASignatureMustStillBeGood() async throws {
    let party = try await Party.make(.optional)
    var unsigned = try party.image()
    unsigned.publisher = nil
    #expect(try await party.refusal(of: unsigned) == nil)
    let refusal = try await party.refusal(of: try party.image(by: Ed25519.PrivateKey()), key: "2")
    #expect(refusal?.reason == "image-publisher-key-unknown")
  }

  /// The document in force decides, for what is made again of old images too.
  @Test func aPublisherWhoIsNoLongerTrustedDeploysNothing() async throws {
    let party = try await Party.make()
    let image = try party.image()
    #expect(try await party.refusal(of: image) == nil)
    let failed = ReportedState.running(nil, .refused, failed: image.reference(1))
    _ = try await party.trust.store.record([.state(party.device, 1, failed)])
    try await party.trust.publish(version: 2)
    #expect(try await party.refusal(of: try party.image(2), key: "2")?.reason == "image-publisher-key-unknown")
    let retried = await #expect(throws: RequestFailure.self) {
      try await party.trust.store.retryFirmware(of: party.device)
    }
    #expect(retried?.reason == "image-publisher-key-unknown")
    try await party.trust.publish(version: 3, publishers: [party.delegation])
    #expect(try await party.trust.store.retryFirmware(of: party.device) == 2)
  }

  /// An old image, signed as it was, is refused where its publisher has said that it is not to come back.
  @Test func anImageOfALowerEpochThanWasConfirmedIsRefused() async throws {
    let party = try await Party.make()
    let (old, new) = (try party.image(1, epoch: 1), try party.image(2, epoch: 2))
    #expect(try await party.refusal(of: old, key: "old") == nil)
    #expect(try await party.refusal(of: new, key: "new") == nil)
    // Until it is confirmed the device may still go back.
    #expect(try await party.refusal(of: old, key: "again") == nil)
    _ = try await party.trust.store.record([.state(party.device, 1, .running(new.reference(2)))])
    let refusal = try await party.refusal(of: old, key: "replayed")
    #expect(refusal?.code == .conflict && refusal?.reason == "security-epoch-too-low")
    #expect(try await party.refusal(of: new, key: "equal") == nil)
    // What was done is still answered the same.
    #expect(try await party.trust.store.assign(old, to: party.device, idempotencyKey: "old").repeated)
  }

  @Test func aCheckChangesNothing() async throws {
    let party = try await Party.make()
    try await party.trust.store.checkAssignment(try party.image(), to: party.device, idempotencyKey: "k")
    #expect(try await party.trust.store.outboxPending() == 0)
    #expect(try await party.trust.fixture.count("select count(*) from registry.firmware") == 0)
    #expect(
      try await party.trust.fixture.count("select count(*) from registry.audit where action = 'assign-image'") == 0)
    let unknown = await #expect(throws: RequestFailure.self) {
      try await party.trust.store.checkAssignment(try party.image(), to: .random(), idempotencyKey: "k")
    }
    #expect(unknown?.reason == "unknown-device")
  }
}
