import Foundations
import PostgreSQL
import TestPeers
import TestSupport
import Testing
import Wire

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

@Suite(.seated) struct EnrolmentTests {
  @Test func aDeviceGetsAnIdentityAndTheRegistryMakesIt() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      let identity = try await stage.enroll(token: token, serial: "SN-1")
      #expect(identity.name == "node-1")
      #expect(identity.endpoints == Stage.endpoints)
      let device = try #require(stage.registry.devices[identity.device])
      #expect(device.name == "node-1")
      #expect(device.serial == "SN-1")
      #expect(device.tags == ["a", "b"])
      #expect(try await stage.claims.claim(id).used == 1)
      let uses = try await stage.claims.uses(of: id)
      #expect(uses.map(\.state) == [.registered])
      #expect(uses.map(\.device) == [identity.device])
    }
  }

  @Test func aRepeatGivesTheSameIdentityAndTakesNoFurtherUse() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      let first = try await stage.enroll(token: token, serial: "SN-1")
      for _ in 0..<5 {
        #expect(try await stage.enroll(token: token, serial: "SN-1") == first)
      }
      #expect(try await stage.claims.claim(id).used == 1)
      #expect(stage.registry.devices.count == 1)
    }
  }

  @Test func aRepeatMakesTheDeviceAgainThatTheRegistryLost() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      let identity = try await stage.enroll(token: token, serial: "SN-1")
      stage.registry.delete(identity.device)
      #expect(try await stage.enroll(token: token, serial: "SN-1") == identity)
      #expect(stage.registry.devices[identity.device] != nil)
    }
  }

  @Test func aSerialNumberIsOneDeviceWhicheverClaimItComesWithAndUsesEach() async throws {
    try await withStage { stage in
      let (first, second) = (try await stage.makeClaim(count: 1), try await stage.makeClaim(count: 1))
      let identity = try await stage.enroll(token: first.token, serial: "SN-1")
      #expect(try await stage.enroll(token: second.token, serial: "SN-1") == identity)
      #expect(try await stage.claims.claim(second.id).state == .exhausted)
    }
  }

  @Test func aSerialNumberOfAnotherProductIsAnotherDevice() async throws {
    try await withStage { stage in
      let first = try await stage.enroll(token: stage.makeClaim(product: "pump").token, serial: "SN-1")
      let second = try await stage.enroll(token: stage.makeClaim(product: "valve").token, serial: "SN-1")
      #expect(first.device != second.device)
    }
  }

  @Test func of200DevicesRaceForAClaimOf50() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 50)
      let outcomes = await withTaskGroup(of: Result<Identity, any Error>.self) { group in
        for index in 0..<200 {
          group.addTask {
            do {
              return .success(try await stage.enroll(token: token, serial: "SN-\(index)"))
            } catch {
              return .failure(error)
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let identities = outcomes.compactMap { try? $0.get() }
      #expect(identities.count == 50)
      #expect(Set(identities.map(\.device)).count == 50)
      #expect(Set(identities.map(\.name)) == Set((1...50).map { "node-\($0)" }))
      let reasons = outcomes.compactMap { outcome -> String? in
        if case .failure(let error) = outcome { (error as? RequestFailure)?.reason ?? "\(error)" } else { nil }
      }
      #expect(Set(reasons) == ["claim-exhausted"])
      #expect(try await stage.claims.claim(id).used == 50)
      #expect(Set(stage.registry.devices.keys) == Set(identities.map(\.device)))
    }
  }

  @Test func devicesRaceOverTwoReplicasForAClaimAndNoneGetsOneUseTooMany() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 10)
      let hash = try SecretText(text: token).hash
      // Each call is a batch of its own, as another replica's would be.
      let granted = try await withThrowingTaskGroup(of: Int.self) { group in
        for replica in 0..<20 {
          group.addTask {
            let applicants = (0..<3).map { number in
              Applicant(
                credential: .secret(hash: hash), serial: "SN-\(replica)-\(number)", proof: .none, newID: .random())
            }
            // What is refused for now is repeated, as devices do: on a busy machine the database may be.
            for _ in 0..<50 {
              do {
                return try await stage.enrolments.decide(applicants).count {
                  if case .granted = $0 { true } else { false }
                }
              } catch let failure as RequestFailure
                where ["database-unavailable", "database-busy"].contains(failure.reason)
              {}
            }
            throw RequestFailure(.unavailable, reason: "database-unavailable", message: "50 times")
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(granted == 10)
      #expect(try await stage.claims.claim(id).used == 10)
      #expect(try await stage.claims.uses(of: id).count == 10)
    }
  }

  @Test func oneDeviceThatAsksManyTimesAtOnceGetsOneIdentity() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 10)
      let identities = try await withThrowingTaskGroup(of: Identity.self) { group in
        for _ in 0..<20 { group.addTask { try await stage.enroll(token: token, serial: "SN-1") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(identities.map(\.device)).count == 1)
      #expect(try await stage.claims.claim(id).used == 1)
    }
  }

  @Test func theRegistryIsDown503AndTheRepeatSucceedsWithTheSameID() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      stage.registry.fail(2, with: .stoppedService)
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      #expect(failure?.code == .unavailable)
      #expect(failure?.reason == "registry-unavailable")
      #expect((failure?.retryAfterMilliseconds ?? 0) > 0)
      let reserved = try #require(try await stage.claims.uses(of: id).first)
      #expect(reserved.state == .reserved)
      #expect(stage.registry.devices.isEmpty)
      let identity = try await stage.enroll(token: token, serial: "SN-1")
      #expect(identity.device == reserved.device)
      #expect(try await stage.claims.uses(of: id).first?.state == .registered)
    }
  }

  @Test func theRegistrysAnswerIsLostAskedAgainAtOnceWithTheSameID() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim(count: 1)
      stage.registry.fail(1, with: .stoppedService, afterwards: true)
      let identity = try await stage.enroll(token: token, serial: "SN-1")
      #expect(stage.registry.callCount == 2)
      #expect(Array(stage.registry.devices.keys) == [identity.device])
    }
  }

  @Test func aCrashBetweenReservingAndMakingIsRepairedByTheRepeatElsewhere() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim(count: 1)
      // What a replica that dies then leaves behind.
      let applicant = Applicant(
        credential: .secret(hash: try SecretText(text: token).hash), serial: "SN-1", proof: .none, newID: .random())
      guard case .granted(let left) = try await stage.enrolments.decide([applicant]).first else {
        Issue.record("not granted")
        return
      }
      let identity = try await stage.enroll(token: token, serial: "SN-1")
      #expect(identity.device == left.device)
      #expect(stage.registry.devices[left.device] != nil)
    }
  }

  @Test func aRegistryThatRefusesTheDeviceIsAFaultNotTheDevicesDoing() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      stage.registry.fail(1, with: WireFailure(.invalid, reason: "invalid-devices", message: "no"))
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      #expect(failure?.code == .internal)
      #expect(stage.registry.callCount == 1)
    }
  }

  @Test func unknownExpiredAndRevokedClaimsGetOneAnswer() async throws {
    try await withStage { stage in
      let expired = try await stage.makeClaim()
      try await stage.expire(expired.id)
      let revoked = try await stage.makeClaim()
      _ = try await stage.claims.revoke(revoked.id)
      var answers: [RequestFailure] = []
      for token in [expired.token, revoked.token, "xtc_unknown", "", "\0", String(repeating: "x", count: 100_000)] {
        let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
        answers.append(try #require(failure))
      }
      #expect(answers.allSatisfy { $0 == answers[0] })
      #expect(answers[0].code == .permissionDenied)
      #expect(stage.registry.callCount == 0)
    }
  }

  @Test func aClaimThatEndsRefusesEvenThoseThatItKnows() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      _ = try await stage.enroll(token: token, serial: "SN-1")
      _ = try await stage.claims.revoke(id)
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      #expect(failure?.reason == "claim-refused")
    }
  }

  @Test(arguments: ["", " ", "a b", "ü", "a\0", "a\n", "\u{7F}", String(repeating: "9", count: 65)])
  func aSerialNumberThatIsNoneIsRefusedBeforeAnythingIsTaken(_ serial: String) async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim()
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: serial) }
      #expect(failure?.reason == "invalid-serial")
      #expect(try await stage.claims.claim(id).used == 0)
    }
  }

  @Test func theDatabaseNeverHoldsTheToken() async throws {
    try await withStage { stage in
      let (_, token) = try await stage.makeClaim()
      _ = try await stage.enroll(token: token, serial: "SN-1")
      let rows = try await stage.pool.query(
        """
        select c::text as row from provisioner.claims as c
        union all select u::text from provisioner.claim_uses as u
        union all select d::text from provisioner.devices as d
        """)
      #expect(rows.count == 3)
      #expect(try rows.allSatisfy { try !$0["row"].text.contains(token.dropFirst(4)) })
      #expect(!"\(SecretText(text: token))".contains(token))
    }
  }
}
