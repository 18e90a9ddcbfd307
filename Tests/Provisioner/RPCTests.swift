import Foundation
import Foundations
import Messaging
import OpenSSL
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import DeviceEnrolment
@testable import ProvisionerClient
@testable import ProvisionerDomain
@testable import ProvisionerServer

@Suite(.seated) struct RPCTests {
  /// A Provisioner that answers on the bus, over real sockets.
  private func withBus(_ body: (Stage, RPCClient) async throws -> Void) async throws {
    try await withStage { stage in
      var router = RPCRouter()
      ProvisionerRPC(
        claims: stage.claims, claimTexts: ClaimTexts(issuer: nil), enroller: stage.enroller, devices: stage.devices,
        factories: stage.factories, enrolments: stage.enrolments, audit: OperatorAudit(registry: stage.registry)
      ).register(on: &router)
      let server = RPCServer(
        name: "provisioner", listening: "tcp://127.0.0.1:0", router: router, logger: quietLogger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        let outcome: Result<Void, any Error>
        do {
          let endpoint = try await server.boundAddress()
          outcome = .success(
            try await withRPCClient(endpoints: [endpoint], logger: quietLogger) { client in
              try await body(stage, client)
            })
        } catch {
          outcome = .failure(error)
        }
        group.cancelAll()
        _ = await group.nextResult()
        try outcome.get()
      }
    }
  }

  private func refusal(_ request: some WireRequest, _ client: RPCClient) async -> WireFailure? {
    do {
      _ = try await client.call(request)
      return nil
    } catch {
      return error
    }
  }

  @Test func operatorsAndDevicesOverTheBus() async throws {
    try await withBus { stage, client in
      let administration = ClaimAdministration(client, deadline: .seconds(10))
      let made = try await administration.create(
        count: 2, lifetimeSeconds: 60, product: "p", tags: ["t"], namePrefix: "n")
      #expect(made.state == "open" && made.namePrefix == "n")

      var request = WireEnrollDevice()
      request.token = try #require(made.token)
      request.serial = "SN-1"
      let identity = try await client.call(request)
      #expect(identity.name == "n-1")
      #expect(identity.mqttPort == 1884)
      #expect(identity.imageStoreUrls == Stage.endpoints.imageStoreURLs)
      #expect(identity.heartbeatSeconds == 15)
      #expect(stage.registry.devices.keys.map { Data($0.bytes) } == [identity.deviceID])

      let details = try await administration.show(made.id)
      #expect(details.claim.used == 1)
      #expect(details.enrolments.map(\.serial) == ["SN-1"])
      #expect(details.text().contains("SN-1"))
      #expect(try await administration.list(limit: nil).claims.map(\.id) == [made.id])
      #expect(try await administration.revoke(made.id).state == "revoked")

      request.serial = "SN-2"
      let failure = await refusal(request, client)
      #expect(failure?.code == .permissionDenied)
    }
  }

  @Test func operatorsAndSingleDevicesOverTheBus() async throws {
    try await withBus { stage, client in
      let administration = DeviceAdministration(client, deadline: .seconds(10))
      let secret = try #require(
        try await administration.register(
          serial: "SN-1", publicKeyHash: nil, product: "p", group: "g", tags: ["t"], name: ""))
      #expect(
        try await administration.list(flagged: false, serial: nil, limit: nil).devices.map(\.state) == ["waiting"])

      var request = WireEnrollDevice()
      request.token = secret
      request.serial = "SN-1"
      request.pollingOnly = true
      let identity = try await client.call(request)
      #expect(identity.name == "SN-1" && identity.provisionerUrls == Stage.endpoints.provisionerURLs)
      var find = WireFindPollingDevice()
      find.tokenHash = Data(try SecretText(text: identity.pollingToken).hash)
      #expect(try await client.call(find).deviceID == identity.deviceID)

      let listed = try #require(try await administration.list(flagged: false, serial: "SN-1", limit: 10).devices.first)
      #expect(listed.state == "enrolled" && listed.access == "polling-token" && listed.group == "g")
      #expect(EnrolledDeviceDocument.table([listed]).contains("SN-1"))
      #expect(try await administration.reset(serial: "SN-1", product: "p") == listed.device)
      #expect(await refusal(find, client)?.code == .notFound)
      #expect(try await administration.unregister(serial: "SN-1", product: "p"))
      #expect(try await administration.factoryCAs().isEmpty)
      let id = String(repeating: "0", count: 64)
      #expect(try await administration.removeFactoryCA(id) == false)
    }
  }

  @Test func malformedRequestsAboutDevicesAreRefused() async throws {
    try await withBus { _, client in
      var register = WireRegisterDevice()
      register.serial = "a b"
      #expect(await refusal(register, client)?.reason == "invalid-serial")
      register.serial = "SN-1"
      register.publicKeyHash = Data([1])
      #expect(await refusal(register, client)?.reason == "invalid-public-key-hash")
      var reset = WireResetDevice()
      reset.serial = "SN-1"
      #expect(await refusal(reset, client)?.reason == "unknown-serial")
      var add = WireAddFactoryCA()
      add.certificate = "nothing"
      #expect(await refusal(add, client)?.reason == "invalid-certificate")
      #expect(await refusal(WireRemoveFactoryCA(), client)?.reason == "invalid-id")
    }
  }

  @Test func allPagesOfALongList() async throws {
    try await withBus { stage, client in
      try await stage.pool.executeBatch(
        """
        insert into provisioner.claims (id, token_hash, count, product, tags, name_prefix, expires_at)
        values ($1, sha256(uuid_send($1)), 1, '', '{}', 'device', now() + interval '1 day')
        """, (0..<1234).map { _ in [.uuid(ClaimID.random().bytes)] })
      let administration = ClaimAdministration(client, deadline: .seconds(10))
      #expect(Set(try await administration.list(limit: nil).claims.map(\.id)).count == 1234)
      #expect(try await administration.list(limit: 700).claims.count == 700)
    }
  }

  @Test func malformedRequestsAreRefused() async throws {
    try await withBus { _, client in
      var create = WireCreateClaim()
      create.count = 1
      #expect(await refusal(create, client)?.reason == "invalid-lifetime")
      var revoke = WireRevokeClaim()
      revoke.id = Data([1, 2, 3])
      #expect(await refusal(revoke, client)?.reason == "invalid-id")
      var list = WireListClaims()
      list.pageSize = 501
      #expect(await refusal(list, client)?.reason == "invalid-page-size")
    }
  }

  @Test func aDatabaseThatIsAwayIsToldAsUnavailable() async throws {
    try await withBus { stage, client in
      await stage.pool.close()
      let failure = await refusal(WireListClaims(), client)
      #expect(failure?.code == .unavailable)
      #expect(failure?.reason == "database-unavailable")
    }
  }
}
