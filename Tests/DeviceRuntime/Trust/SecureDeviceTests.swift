import DeviceProtocol
import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import Synchronization
import TestSupport
import Testing

@testable import DeviceCredentials
@testable import DeviceStorage

/// The device's program with all of it on: certificates, fuses, signatures.
@Suite(.seated, .timeLimit(.minutes(10))) struct SecureDeviceTests {
  @Test func aSignedImageArrivesOverTLSAlone() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1)
    // Broker and image store know who it is.
    #expect(device.broker.log.contains("u'\(device.device)'"))
    #expect(Set(device.store.peers) == [device.device.description])
    // The fuses were reported when it enrolled, and when it started.
    try await eventually { device.provisioner.state.withLock { $0.banks.count } == 2 }
    #expect(try await process.stop() == .exited(0))
  }

  /// What no director signed is told and not remembered; what one signed and no publisher is refused.
  @Test func eachForgeryIsToldWithItsReason() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1)
    let stranger = try Ed25519.PrivateKey()
    let changed = try await device.image(4)
    var configuration = Array(changed.bytes[32..<ImageHeader.byteCount])
    // The app's name.
    configuration[112 - 32] ^= 1
    let images: [(TestImage, reason: String, isSigned: Bool)] = [
      (try await device.image(2, director: stranger), "image-director-key-unknown: ", false),
      (try await device.image(3, publisher: stranger), "image-publisher-key-unknown: ", true),
      (try changed.with(configuration: configuration), "image-director-signature-wrong: ", false),
    ]
    for (image, reason, isSigned) in images {
      try await device.push(image)
      let told =
        isSigned
        ? try await device.waitForRefusal(of: image.version)
        : try await device.waitForReport { $0.waiting?.version == image.version }.waiting?.reason ?? ""
      #expect(told.contains(reason), "\(told)")
    }
    // What runs goes on, and the next good one is taken.
    try await device.deploy(5)
    #expect(process.isRunning)
  }

  @Test func aPlainImageStoreIsNotAsked() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let plain = try ScriptedHTTPServer { _, connection in connection.respond(404) }
    let process = try device.start()
    try await device.deploy(1)
    let image = try await device.image(2)
    try await device.push(image, url: plain.url + "/firmware/\(device.device)/2")
    try await device.waitForReport { $0.version == 2 && $0.status == "confirmed" }
    #expect(plain.requests.isEmpty)
    #expect(process.isRunning)
  }

  @Test func aConfirmedImageRaisesTheEpochForGood() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1, epoch: 3)
    try await process.waitForLine(containing: "below 3 are refused")
    try await device.push(device.image(2, epoch: 2))
    #expect(try await device.waitForRefusal(of: 2).hasPrefix("image-security-epoch-too-low: "))
    try await process.stop()
    let again = try device.start()
    try await device.deploy(3, epoch: 3)
    #expect(again.isRunning)
    let shown = try await DeviceProcess.command(["otp", "show", "--directory", device.directory])
    #expect(shown.output.contains("3 of 128"))
  }

  @Test func newKeysArriveInARootDocument() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let process = try device.start()
    try await device.deploy(1)
    var signers = device.signers
    signers.director = try Ed25519.PrivateKey()
    let (second, director) = (try signers.document(2), signers.director)
    device.provisioner.state.withLock { $0.documents[2] = second }
    try await device.deploy(2, director: director)
    // The old director signs nothing any more.
    try await device.push(device.image(3))
    let report = try await device.waitForReport { $0.waiting?.version == 3 }
    #expect(report.waiting?.reason.contains("image-director-key-unknown: ") == true)
    // What it knows it knows after a restart without the Provisioner.
    try await process.stop()
    device.provisioner.state.withLock { $0.documents = [:] }
    let again = try device.start()
    try await device.deploy(4, director: director)
    #expect(again.isRunning)
  }

  @Test func anExpiredRootDocumentHoldsUpdatesUntilTheNextOne() async throws {
    let device = try await SecureDevice()
    let soon = UTCTime(secondsSince1970: UTCTime.now.secondsSince1970 + 1)
    let signers = device.signers
    let expiring = try signers.document(1, expires: soon)
    device.provisioner.state.withLock { $0.documents[1] = expiring }
    try await device.enroll()
    try await eventually { UTCTime.now >= soon }
    let process = try device.start()
    try await device.push(device.image(1))
    try await process.waitForLine(containing: "root-document-expired")
    let second = try signers.document(2)
    device.provisioner.state.withLock { $0.documents[2] = second }
    try await device.waitForReport { $0.version == 1 && $0.status == "confirmed" }
  }

  @Test func aCertificateRenewsItselfWithoutLosingTheSession() async throws {
    let device = try await SecureDevice()
    device.provisioner.state.withLock { state in
      state.life = 15
      // As authorities do for slow clocks.
      state.backdated = 300
      state.refusals = 2
    }
    try await device.enroll()
    let files = try IdentityFiles(directory: device.directory)
    let (key, first) = (try files.key()?.publicKey, try files.chain()[0])
    let process = try device.start()
    try await device.deploy(1)
    try await process.waitForLine(containing: "not renewed yet")
    try await process.waitForLine(containing: "certificate is renewed")
    try await eventually { device.provisioner.state.withLock { $0.renewals } >= 2 }
    // The first one is over, and the device is there with another one of the same key.
    try await eventually { Date() > first.notAfter }
    let now = try files.chain()[0]
    #expect(now.serialNumber != first.serialNumber && now.notAfter > first.notAfter)
    #expect(try files.key()?.publicKey == key)
    try await device.deploy(2)
    try await eventually("a connection after each renewal") {
      device.broker.log.split(separator: "\n").filter { $0.contains("u'\(device.device)'") }.count >= 3
    }
    #expect(process.isRunning)
  }

  @Test func filesThatAreNotOfOneDeviceAreRefused() async throws {
    let device = try await SecureDevice()
    try await device.enroll()
    let files = try IdentityFiles(directory: device.directory)
    let other = try P256.PrivateKey()
    let good = [IdentityFiles.key, IdentityFiles.certificate].map {
      ($0, try! files.flash.readAll($0, maximumBytes: 99_999)!)
    }
    let foreign = try device.provisioner.pki.chain(for: other.publicKey, device: DeviceID.random())
    let faults: [(String, [UInt8])] = [
      (IdentityFiles.key, try other.pem()), (IdentityFiles.key, Array("no key".utf8)),
      (IdentityFiles.certificate, Array(foreign.utf8)), (IdentityFiles.certificate, []),
    ]
    for (name, bytes) in faults {
      try files.flash.replace(name, with: bytes)
      let run = try await DeviceProcess.command(["run", "--directory", device.directory])
      #expect(run.status == .exited(78), "\(name): \(run.output)")
      for (name, bytes) in good { try files.flash.replace(name, with: bytes) }
    }
    for name in FileOTPBank.copies { try FileManager.default.removeItem(atPath: device.directory + "/" + name) }
    let run = try await DeviceProcess.command(["run", "--directory", device.directory])
    #expect(run.status == .exited(78) && run.output.contains("not programmed"), "\(run.output)")
  }
}
