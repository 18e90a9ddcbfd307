import Foundation
import Foundations
import PostgreSQL
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

@Suite(.seated) struct ClaimTests {
  @Test func aClaimIsOpenUntilItIsUsedUpOrExpires() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      #expect(try await stage.claims.claim(id).state == .open)
      _ = try await stage.enroll(token: token, serial: "SN-1")
      #expect(try await stage.claims.claim(id).state == .exhausted)
      try await stage.expire(id)
      #expect(try await stage.claims.claim(id).state == .expired)
      #expect(try await stage.claims.revoke(id).state == .revoked)
      #expect(try await stage.claims.revoke(id).state == .revoked)
    }
  }

  @Test func everyClaimOnceNewestFirstOverAllPages() async throws {
    try await withStage { stage in
      var made: [ClaimID] = []
      for _ in 0..<7 { made.append(try await stage.makeClaim().id) }
      // Several at the very same moment.
      try await stage.pool.execute(
        "update provisioner.claims set created_at = '2026-01-01' where used = 0 and id <= $1",
        [.uuid(made[3].bytes)])
      for limit in 1...8 {
        var seen: [Claim] = []
        var cursor: ListCursor?
        repeat {
          let page = try await stage.claims.list(after: cursor, limit: limit)
          #expect(page.claims.count <= limit)
          seen += page.claims
          cursor = try page.next.map { try ListCursor($0.text) }
        } while cursor != nil
        #expect(seen.count == 7)
        #expect(Set(seen.map(\.id)) == Set(made))
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.createdAt >= $1.createdAt })
      }
    }
  }

  /// Each claim counts from 1, so that a name would be two devices' if the prefix were the same.
  @Test func noTwoClaimsNameTwoDevicesAlike() async throws {
    try await withStage { stage in
      var names: [String] = []
      for serial in ["SN-1", "SN-2"] {
        let new = try NewClaim(count: 1, lifetimeSeconds: 60, product: "sensor", tags: [], namePrefix: "")
        let (claim, secret) = try await stage.claims.create(new)
        let beginning = claim.id.description.prefix(8)
        #expect(claim.namePrefix == "device-\(beginning)")
        let name = try await stage.enroll(token: secret.text, serial: serial).name
        #expect(name == "\(claim.namePrefix)-1")
        names.append(name)
      }
      #expect(names[0] != names[1])
    }
  }

  @Test func unknownClaimsAreNotFound() async throws {
    try await withStage { stage in
      let id = ClaimID.random()
      #expect(await requestFailure { _ = try await stage.claims.claim(id) }?.code == .notFound)
      #expect(await requestFailure { _ = try await stage.claims.revoke(id) }?.code == .notFound)
    }
  }

  @Test func tokensDifferAndTheirTextHasTheWholeEntropy() throws {
    let tokens = try (0..<100).map { _ in try SecretText.random(.claim).text }
    #expect(Set(tokens).count == 100)
    #expect(tokens.allSatisfy { $0.hasPrefix("xtc_") && $0.utf8.count == 47 })
  }

  @Test func anIDReadsWhatItWrites() throws {
    let id = ClaimID.random()
    #expect(try ClaimID(id.description) == id)
    #expect(try ClaimID(id.description.uppercased()) == id)
    #expect(id.description == UUID(uuidString: id.description)?.uuidString.lowercased())
  }

  @Test(arguments: ["", "x", "8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6", "8c5c1a523f6e4b7e9d0a1f2e3d4c5b6a", "\0"])
  func anIDThatIsNoneIsRefused(_ text: String) {
    #expect(throws: RequestFailure.self) { try ClaimID(text) }
  }

  @Test(arguments: [
    "", "x", String(repeating: "A", count: 31), String(repeating: "A", count: 33), String(repeating: "+", count: 32),
  ])
  func aCursorThatIsNoneIsRefused(_ text: String) {
    #expect(throws: RequestFailure.self) { try ListCursor(text) }
  }

  @Test(arguments: ["0", "_", "z"])
  func aCursorBeyondAllTimeIsRefusedNotAskedFor(_ character: String) {
    #expect(throws: RequestFailure.self) { try ListCursor(String(repeating: character, count: 32)) }
  }

  @Test func aCursorAtTheBeginningOfTimeGivesTheEmptyRest() async throws {
    try await withStage { stage in
      _ = try await stage.makeClaim()
      let page = try await stage.claims.list(after: try ListCursor(String(repeating: "A", count: 32)), limit: 10)
      #expect(page.claims.isEmpty && page.next == nil)
    }
  }
}
