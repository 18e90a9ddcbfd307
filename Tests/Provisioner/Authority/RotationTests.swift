import FirmwareImage
import Foundation
import OpenSSL
import TestSupport
import Testing

@testable import ProvisionerCore

@Suite struct RotationTests {
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
    let after = try fixture.directory.retire(keyName: name)
    #expect(after.roots.count == 1)
    #expect(AuthorityFixture.refusal(of: old, roots: after.roots) != nil)
    #expect(AuthorityFixture.refusal(of: try leaf(after), roots: after.roots) == nil)
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
