import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing

@testable import CertificateAuthority
@testable import DeviceCertificates

@Suite(.seated) struct RotationTests {
  private func leaf(_ authority: Authority) throws -> [X509Certificate] {
    let issued = try authority.issuers[0].issue(
      to: .device(.random()), P256.PrivateKey().publicKey, lifetime: .seconds(60), now: Date())
    return [issued.certificate] + issued.issuers
  }

  @Test func aNewIntermediateLeavesOldCertificatesGood() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try leaf(before)
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    #expect(after.issuers.count == 2)
    #expect(after.issuers[0].keyHash != before.issuers[0].keyHash)
    #expect(after.issuers[1].keyHash == before.issuers[0].keyHash)
    #expect(after.generation == before.generation + 1)
    #expect(AuthorityFixture.refusal(of: old, roots: after.roots) == nil)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
  }

  @Test func anIntermediateWhoseKeyIsLostIsReplacedWhenThatIsSaid() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try leaf(before)
    try fixture.directory.remove("intermediate.key")
    let refusal = #expect(throws: AuthorityError.self) {
      try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    }
    #expect(refusal?.description.contains("--lost-key") == true)
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false, isKeyLost: true)
    // Nobody has the key that would sign lists for the old one.
    #expect(after.issuers.count == 1)
    #expect(after.issuers[0].keyHash != before.issuers[0].keyHash)
    #expect(after.generation == before.generation + 1)
    #expect(AuthorityFixture.refusal(of: old, roots: after.roots) == nil)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
  }

  @Test func aNewRootIsFollowedByThoseWhoKnowOnlyTheOldOne() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try leaf(before)
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    let new = try leaf(after)
    #expect(after.roots.count == 2)
    #expect(AuthorityFixture.refusal(of: old, roots: after.roots) == nil)
    #expect(AuthorityFixture.refusal(of: new, roots: before.roots) == nil)
    #expect(AuthorityFixture.refusal(of: new, roots: [after.roots[0]]) == nil)
    #expect(AuthorityFixture.refusal(of: old, roots: [after.roots[0]]) != nil)
  }

  @Test(arguments: [2, 4]) func severalNewRootsInARowAreFollowedByThoseWhoKnowOnlyTheFirst(
    count: Int
  ) async throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    for _ in 0..<count { _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true) }
    let after = try fixture.directory.load()
    let services = try fixture.directory.rotateServices(AuthorityDirectory.Options())
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
    let person = try services.issue(
      to: .operator("ann"), P256.PrivateKey().publicKey, lifetime: .seconds(60), now: Date())
    #expect(AuthorityFixture.refusal(of: [person.certificate] + person.issuers, roots: before.roots) == nil)
    // What /v1/ca adds to the roots is the same way.
    let crosses = LiveAuthority(after, deviceLifetime: .seconds(60)).crossCertificates
    let (newest, intermediate) = (try leaf(after)[0], after.issuers[0].certificate)
    #expect(AuthorityFixture.refusal(of: [newest, intermediate] + crosses, roots: before.roots) == nil)
  }

  @Test func afterANewRootAnIntermediateIsStillFollowedFromTheOldOne() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
  }

  @Test func whatWasRetiredIsTrustedNoMore() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try leaf(before)
    _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    let name = try #require(AuthorityDirectory.keyName(of: before.roots[0]))
    let error = #expect(throws: AuthorityError.self) { try fixture.directory.retire(keyName: name) }
    #expect(error?.description.contains("ca rotate --services") == true)
    #expect(try fixture.directory.load().roots.count == 2)
    _ = try fixture.directory.rotateServices(AuthorityDirectory.Options())
    let after = try fixture.directory.retire(keyName: name)
    #expect(try fixture.directory.loadServicesSigner().chain.count == 1)
    #expect(after.issuers[0].chain.count == 1)
    #expect(after.roots.count == 1)
    #expect(AuthorityFixture.refusal(of: old, roots: after.roots) != nil)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: after.roots) == nil)
  }

  @Test func servicesOfANewRootAreTrustedByThoseWhoKnowOnlyTheOldOne() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    for _ in 0..<2 {
      let signer = try fixture.directory.rotateServices(AuthorityDirectory.Options())
      let issued = try signer.issue(
        to: .service(name: "broker", role: .broker, hosts: []), P256.PrivateKey().publicKey, lifetime: .seconds(60),
        now: Date())
      let chain = [issued.certificate] + issued.issuers
      #expect(chain.count == 3)
      #expect(AuthorityFixture.refusal(of: chain, roots: before.roots, usage: .server) == nil)
      #expect(AuthorityFixture.refusal(of: chain, roots: [after.roots[0]], usage: .server) == nil)
    }
  }

  /// Puts the folder back to where a rotation of the root stands once `ca.pem` is written.
  private func interrupt(_ fixture: AuthorityFixture, _ files: [String: [UInt8]]) throws {
    for name in ["root.pem", "root.key"] {
      try FileManager.default.moveItem(
        atPath: fixture.folder.path("ca/\(name)"), toPath: fixture.folder.path("ca/next-\(name)"))
    }
    for (name, bytes) in files { try AuthorityFile.write(bytes, to: fixture.folder.path("ca/\(name)"), isSecret: true) }
  }

  private func contents(_ fixture: AuthorityFixture, _ names: [String]) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in names { files[name] = try AuthorityFile.read(fixture.folder.path("ca/\(name)")) }
    return files
  }

  @Test func aRotationOfTheRootThatWasKilledGoesOnWithTheSameNewRoot() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try contents(
      fixture, ["root.pem", "root.key", "intermediate.pem", "intermediate.key", "generation"])
    let killed = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    try interrupt(fixture, old)
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    #expect(after.roots == killed.roots)
    #expect(try fixture.directory.certificates("root.pem") == [after.roots[0]])
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: [after.roots[0]]) == nil)
  }

  @Test func aRotationOfTheRootThatWasKilledBetweenItsKeyAndItsCertificateIsFinished() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    let old = try contents(fixture, ["root.pem"])
    let killed = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    let new = try contents(fixture, ["root.key"])
    try interrupt(fixture, old.merging(new) { $1 })
    try FileManager.default.removeItem(atPath: fixture.folder.path("ca/next-root.key"))
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: true)
    #expect(after.roots == killed.roots)
    #expect(try fixture.directory.certificates("root.pem") == [after.roots[0]])
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: before.roots) == nil)
  }

  @Test func aRootThatNobodyTrustsSignsNothingNorDoesAnotherOnesKey() throws {
    let (fixture, other) = (try AuthorityFixture(), try AuthorityFixture())
    for name in ["root.key", "root.pem"] {
      let bytes = try AuthorityFile.read(other.folder.path("ca/\(name)"))
      try AuthorityFile.write(bytes, to: fixture.folder.path("ca/\(name)"), isSecret: true)
      for includingRoot in [false, true] {
        let error = #expect(throws: AuthorityError.self) {
          try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: includingRoot)
        }
        #expect(error?.description.contains("retired-root-") == true)
      }
      #expect(throws: AuthorityError.self) { try fixture.directory.rotateServices(AuthorityDirectory.Options()) }
    }
  }

  @Test func whatIsInUseIsNotRetired() throws {
    let fixture = try AuthorityFixture()
    let authority = try fixture.directory.load()
    for certificate in [authority.roots[0], authority.issuers[0].certificate] {
      let name = try #require(AuthorityDirectory.keyName(of: certificate))
      #expect(throws: AuthorityError.self) { try fixture.directory.retire(keyName: name) }
    }
  }

  @Test func aRotationThatWasKilledIsDoneAgain() throws {
    let fixture = try AuthorityFixture()
    let before = try fixture.directory.load()
    _ = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    // As if it had been killed between the new key and its certificate.
    let kept = try #require(AuthorityDirectory.keyName(of: before.issuers[0].certificate))
    try writeFile(
      fixture.folder.path("ca/intermediate.pem"), try #require(readFile(fixture.folder.path("ca/previous-\(kept).pem")))
    )
    #expect(throws: AuthorityError.self) { try fixture.directory.load() }
    let after = try fixture.directory.rotate(AuthorityDirectory.Options(), includingRoot: false)
    #expect(after.issuers.count == 2)
    #expect(after.issuers[1].keyHash == before.issuers[0].keyHash)
  }

  @Test func aRootOnAnotherMediumSigns() throws {
    let fixture = try AuthorityFixture()
    let home = fixture.folder.path("stick")
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    for name in ["root.key", "root.pem"] {
      try FileManager.default.moveItem(atPath: fixture.folder.path("ca/\(name)"), toPath: "\(home)/\(name)")
    }
    let after = try fixture.directory.rotate(
      AuthorityDirectory.Options(), includingRoot: false, rootDirectory: AuthorityDirectory(home))
    #expect(after.issuers.count == 2)
  }
}
