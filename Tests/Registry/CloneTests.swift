import FoundationEssentials
import Foundations
import Logging
import Messaging
import PostgreSQL
import RegistryStorage
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryDomain

/// Two machines with the identity of one device.
@Suite(.seated) struct CloneTests {
  private static let runs = (0..<12).map { Hexadecimal.encode([UInt8](repeating: UInt8($0 + 1), count: 8)) }

  private func events(_ fixture: Fixture) async throws -> Int {
    try await fixture.count("select count(*) from registry.events where kind = 'identity-cloned'")
  }

  @Test func whoComesBackAfterAnotherSpokeIsASecondMachine() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for run in Self.runs.prefix(2) { try await fixture.store.note([device: run]) }
    #expect(try await fixture.store.device(device).clonedAt == nil)
    try await fixture.store.note([device: Self.runs[0]])
    #expect(try await fixture.store.device(device).clonedAt != nil)
    // Told once an hour, however often they take turns.
    for turn in 0..<10 { try await fixture.store.note([device: Self.runs[turn % 2]]) }
    #expect(try await events(fixture) == 1)
    try await fixture.pool.execute("update registry.device_runs set told_at = told_at - interval '61 minutes'")
    try await fixture.store.note([device: Self.runs[0]])
    #expect(try await events(fixture) == 2)
    // The warning ends when it is over.
    try await fixture.pool.execute("update registry.device_runs set cloned_at = cloned_at - interval '25 hours'")
    #expect(try await fixture.store.device(device).clonedAt == nil)
  }

  @Test func threeThatTakeTurnsAreSeenToo() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for run in [0, 1, 2, 0] { try await fixture.store.note([device: Self.runs[run]]) }
    #expect(try await events(fixture) == 1)
  }

  @Test func restartsAndHeartbeatsAreNoClone() async throws {
    let fixture = try await Fixture.make()
    let (device, other) = (try await fixture.device(), try await fixture.device("other"))
    for run in Self.runs {
      for _ in 0..<3 { try await fixture.store.note([device: run, other: Self.runs[0], .random(): run]) }
    }
    #expect(try await events(fixture) == 0)
    #expect(try await fixture.count("select count(*) from registry.device_runs") == 2)
    try await fixture.store.deleteDevice(device)
    #expect(try await fixture.count("select count(*) from registry.device_runs") == 1)
  }

  /// As it comes over the bus: a message of the process before that was late is stale, and says nothing.
  @Test func aLateReportIsNoSecondMachine() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var router = RPCRouter()
    RegistryRPC(
      store: fixture.store, authority: RequestAuthority(store: fixture.store, logger: .quiet), logger: .quiet
    ).addHandlers(to: &router)
    let network = InMemoryTransport()
    let server = RPCServer(
      name: "registry", listening: "tcp://127.0.0.1:7102", router: router, transport: network, logger: .quiet)
    try await running([server]) {
      _ = try await server.boundAddress()
      try await withRPCClient(
        endpoints: ["tcp://127.0.0.1:7102"], transport: network.identified(as: BusPeer(.notifier, "n")), logger: .quiet
      ) { client in
        func report(_ sequence: UInt64, _ run: UInt8) async throws -> Bool {
          let report = WireDeviceReport.with {
            $0.deviceID = Data(device.bytes)
            $0.sequence = sequence
            $0.state.status = "confirmed"
            $0.run = Data(repeating: run, count: 8)
          }
          return try await client.call(WireRecordReports.with { $0.reports = [report] }).outcomes[0].stored
        }
        for (sequence, run, isTaken) in [(1, 1, true), (1 << 32, 2, true), (2, 1, false)] as [(UInt64, UInt8, Bool)] {
          let isStored = try await report(sequence, run)
          #expect(isStored == isTaken)
        }
        let before = try await fixture.store.device(device)
        #expect(before.clonedAt == nil)
        let isStored = try await report(2 << 32, 1)
        #expect(isStored)
        let after = try await fixture.store.device(device)
        #expect(after.clonedAt != nil)
      }
    }
    #expect(try await events(fixture) == 1)
  }
}
