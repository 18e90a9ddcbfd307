import Curl
import FirmwareImage
import Foundation
import Logging
import OpenSSL
import Synchronization
import TestFlash
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceStorage

/// A certificate that came and can't be taken yet is no reason to ask for another.
@Suite(.seated) struct CertificateRenewalTests {
  /// An enrolled device's files, whose flash fails as the test says.
  private struct Bed {
    let provisioner: PlayedProvisioner
    let files: IdentityFiles
    let renewal: CertificateRenewal
    let http: HTTPClient
    let fault = Fault()

    final class Fault: Sendable {
      let body = Mutex<@Sendable (FaultyFlash.Operation, String) -> FlashError?>({ _, _ in nil })
    }

    init() async throws {
      provisioner = try await PlayedProvisioner.make()
      let directory = provisioner.folder.path("identity")
      let fault = fault
      files = IdentityFiles(
        flash: FaultyFlash(
          try DirectoryFlash(directory: directory),
          fault: { operation, name in fault.body.withLock { $0 }(operation, name) }),
        documents: try DirectoryFlash(directory: directory + "/root"))
      let key = try files.keyMadeIfNeeded()
      try files.save(
        chain: try provisioner.pki.chain(for: key.publicKey, device: provisioner.device),
        roots: try provisioner.pki.root.pem)
      http = HTTPClient(HTTPClient.Configuration(tls: try files.httpTLS()))
      renewal = CertificateRenewal(
        files: files, device: provisioner.device, urls: [provisioner.url], http: http)
    }

    func fail(_ operation: FaultyFlash.Operation, _ name: String) {
      fault.body.withLock { body in
        body = { $0 == operation && $1 == name ? FlashError(.noSpace, "can't write: as the test wants it") : nil }
      }
    }

    func mend() { fault.body.withLock { $0 = { _, _ in nil } } }

    var renewals: Int { provisioner.state.withLock { $0.renewals } }
  }

  @Test(arguments: [IdentityFiles.certificate, IdentityFiles.authorities]) func aFlashThatFailsDoesNotAskAgain(
    _ file: String
  ) async throws {
    let bed = try await Bed()
    let before = try bed.files.chain()[0].serialNumber
    bed.fail(.write, file + ".new")
    for _ in 0..<40 { await #expect(throws: FlashError.self) { try await bed.renewal.renew() } }
    #expect(bed.renewals == 1)
    bed.mend()
    try await bed.renewal.renew()
    #expect(try bed.renewals == 1 && bed.files.chain()[0].serialNumber != before)
    // The next one is asked for anew.
    try await bed.renewal.renew()
    #expect(bed.renewals == 2)
  }

  /// A kept certificate that can't be read any more, for whatever reason, does not end renewal.
  @Test func aKeptCertificateThatCannotBeReadIsAskedForAgain() async throws {
    let bed = try await Bed()
    try bed.files.saveRenewal([UInt8](repeating: 0x20, count: 2 << 20))
    try await bed.renewal.renew()
    try bed.files.saveRenewal([1])
    bed.fail(.read, IdentityFiles.renewal)
    try await bed.renewal.renew()
    #expect(bed.renewals == 2)
  }

  @Test func aKeptCertificateSurvivesARestart() async throws {
    let bed = try await Bed()
    bed.fail(.write, IdentityFiles.certificate + ".new")
    await #expect(throws: FlashError.self) { try await bed.renewal.renew() }
    bed.mend()
    let again = CertificateRenewal(
      files: bed.files, device: bed.provisioner.device, urls: [bed.provisioner.url], http: bed.http)
    try await again.renew()
    #expect(bed.renewals == 1)
    #expect(try bed.files.renewal() == nil)
  }

  @Test func oneForAnotherKeyIsNotKept() async throws {
    let bed = try await Bed()
    let stranger = try P256.PrivateKey().publicKey
    bed.provisioner.state.withLock { $0.renewedKey = stranger }
    await #expect(throws: InvalidAnswer.self) { try await bed.renewal.renew() }
    bed.provisioner.state.withLock { $0.renewedKey = nil }
    try await bed.renewal.renew()
    #expect(bed.renewals == 2)
  }

  /// One error when the file is read is not the end of renewal.
  @Test func aReadThatFailsOnceIsTriedAgain() async throws {
    let bed = try await Bed()
    let reads = Mutex(0)
    bed.fault.body.withLock { body in
      body = { operation, name in
        guard operation == .read, name == IdentityFiles.certificate else { return nil }
        let isFirst = reads.withLock { count in
          count += 1
          return count == 1
        }
        return isFirst ? FlashError(.failed, "can't read: as the test wants it") : nil
      }
    }
    let key = try #require(try bed.files.key())
    // Due at once.
    try bed.files.save(
      chain: try bed.provisioner.pki.chain(
        for: key.publicKey, device: bed.provisioner.device, backdated: 3600, life: 60),
      roots: try bed.provisioner.pki.root.pem)
    let first = try #require(bed.provisioner.state.withLock { $0.documents[1] })
    try RootDocumentStore.save(first: first, to: bed.files.documents)
    let documents = try RootDocumentStoreTests.store(bed.files.documents, pin: first)
    let upkeep = IdentityUpkeep(
      files: bed.files, device: bed.provisioner.device, bank: InMemoryOTPBank(), documents: documents,
      urls: [bed.provisioner.url], http: bed.http, logger: Logger(label: "upkeep") { _ in SwiftLogNoOpLogHandler() })
    let hindrances = Mutex<[String?]>([])
    let running = Task {
      await upkeep.run(onRenewal: {}, onHindrance: { reason in hindrances.withLock { $0.append(reason) } })
    }
    try await eventually("a renewal") { bed.renewals >= 1 }
    running.cancel()
    await running.value
    #expect(hindrances.withLock { $0.first??.contains("can't be read") } == true)
  }
}
