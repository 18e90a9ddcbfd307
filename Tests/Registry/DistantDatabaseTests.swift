import DeviceProtocol
import Foundations
import PostgreSQL
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryServer
@testable import RegistryStorage

/// A database at a distance: what counts is how many round trips a batch takes, not how many devices are in it.
@Suite(.seated) struct DistantDatabaseTests {
  @Test func fullBatchesFitTheDeadlineAtFourMilliseconds() async throws {
    let server = try await PostgresServer.shared()
    let fixture = try await Fixture.make(on: server)
    var devices: [DeviceID] = []
    for start in stride(from: 0, to: 500, by: 250) {
      let new = try (start..<start + 250).map {
        try NewDevice(id: .random(), name: "d\($0)", tags: [], serial: "")
      }
      #expect(try await fixture.store.createDevices(new).isEmpty)
      devices += new.compactMap(\.id)
    }
    let proxy = try await DelayProxy(port: server.port, roundTripMilliseconds: 4)
    // As the service has it, with its deadline of four seconds: 500 changes took some 2,000 round trips once.
    let pool = try PostgresPool(
      url: fixture.url.replacing(":\(server.port)/", with: ":\(proxy.port)/"),
      options: RegistryService.poolOptions(connections: 4), logger: .quiet)
    let store = RegistryStore(pool: pool)
    let runs = try PublishedApp.sample().reference(3)
    for sequence: UInt64 in 1...3 {
      let state = ReportedState.running(runs, sequence.isMultiple(of: 2) ? .trial : .confirmed)
      let verdicts = try await store.record(devices.map { .state($0, sequence, state, epoch: 7) })
      #expect(verdicts == Array(repeating: .stored, count: 500))
    }
    #expect(
      try await fixture.count("select count(*) from registry.events where kind = 'state-reported' and id is not null")
        == 1500)
    let batches = try devices.map { try ReceivedLogBatch(.sample($0, 1...20)) }
    #expect(try await store.record(batches) == Array(repeating: LogVerdict(storedThrough: 20), count: 500))
    let crashes = try devices.prefix(200).map { try Crash(.sample($0)) }
    #expect(try await store.record(crashes) == Array(repeating: .stored, count: 200))
    await pool.close()
  }
}
