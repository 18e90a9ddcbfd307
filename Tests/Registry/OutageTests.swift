import Foundations
import PostgreSQL
import ServiceKit
import TestSupport
import Testing
import Wire

@testable import RegistryDelivery
@testable import RegistryDomain
@testable import RegistryServer
@testable import RegistryStorage

/// Each with a PostgreSQL server of its own, to be killed.
@Suite(.seated, .serialized) struct OutageTests {
  private func make(_ server: PostgresServer) async throws -> Fixture {
    try await Fixture.make(on: server, poolOptions: RegistryService.poolOptions(connections: 4))
  }

  /// Asks until it is answered, with the same key, as the image store does.
  private func assign(_ store: RegistryStore, _ number: Int, to device: DeviceID) async throws -> UInt64 {
    try await eventuallySome("an answer to assignment \(number)") {
      do {
        return try await store.assign(.sample(number), to: device, idempotencyKey: "\(number)").version
      } catch let failure as RequestFailure where failure.code == .unavailable || failure.code == .overloaded {
        return nil
      }
    }
  }

  @Test func nothingAcknowledgedIsLostWhenTheDatabaseIsKilled() async throws {
    let server = try await PostgresServer()
    let fixture = try await make(server)
    var devices: [DeviceID] = []
    for number in 0..<4 { devices.append(try await fixture.device("d\(number)")) }
    let (all, replica, notifier) = (devices, try fixture.replica(), StubNotifier())
    let answered = try await running([
      OutboxDispatcher(fixture.store, notifier, lease: .seconds(2)),
      OutboxDispatcher(replica, notifier, lease: .seconds(2)), OutboxListener(store: replica),
    ]) {
      let answered = try await withThrowingTaskGroup(of: [DeviceID: [UInt64]].self) { group in
        for device in all {
          group.addTask {
            var versions: [UInt64] = []
            for number in 1...40 { versions.append(try await assign(fixture.store, number, to: device)) }
            return [device: versions]
          }
        }
        for _ in 0..<2 {
          let before = notifier.calls
          try await eventually { notifier.calls > before + 3 }
          try await server.kill()
          // It refuses to start as long as a process of the killed one has not noticed.
          try await eventually { (try? await server.start()) != nil }
        }
        return try await group.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
      }
      try await eventually { ((try? await fixture.store.outboxPending()) ?? -1) == 0 }
      return answered
    }
    for device in devices {
      #expect(answered[device] == Array(1...40))
      let published = notifier.acknowledged.filter { $0.device == device }.map(\.version)
      #expect(Set(published) == Set(1...40))
    }
    #expect(try await fixture.count("select count(*) from registry.firmware") == 160)
  }

  @Test func withoutADatabaseTheAnswerComesSoonAndItRecovers() async throws {
    let server = try await PostgresServer()
    let fixture = try await make(server)
    let device = try await fixture.device()
    try await server.stop()
    let start = ContinuousClock.now
    await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.device(device) }
          #expect(failure?.code == .unavailable || failure?.code == .overloaded)
          #expect((failure?.retryAfterMilliseconds ?? 0) > 0)
        }
      }
    }
    // Not one after the other: each waits for a connection for seconds.
    #expect(ContinuousClock.now - start < .seconds(60))
    try await server.start()
    try await eventually { (try? await fixture.store.device(device)) != nil }
  }

  @Test func aDatabaseThatTakesNoChangesIsToldAsSuchAndUsedAgain() async throws {
    let server = try await PostgresServer()
    let fixture = try await make(server)
    let device = try await fixture.device()
    let readiness = Readiness(validity: .zero)
    readiness.add("database", deadline: .seconds(30)) { try await fixture.pool.ping(within: .seconds(20)) }
    #expect(await readiness.isReady())
    for number in 1...3 {
      try await server.setReadOnly(true)
      try await eventually("the answer that the database takes no changes") {
        do {
          _ = try await fixture.store.assign(.sample(number), to: device, idempotencyKey: "\(number)")
          return false
        } catch let failure as RequestFailure {
          #expect(failure.code == .unavailable && failure.retryAfterMilliseconds > 0, "\(failure)")
          return failure.reason == "database-read-only"
        }
      }
      try await eventually("a readiness that says so") {
        let finding = await readiness.findings()[0]
        return !finding.isReady && finding.detail.contains("takes no changes")
      }
      try await server.setReadOnly(false)
      #expect(try await assign(fixture.store, number, to: device) == UInt64(number))
      #expect(await readiness.isReady())
    }
    try await server.stop()
  }

  @Test func aDatabaseThatHangsIsToldAsSuch() async throws {
    let server = try await PostgresServer()
    let fixture = try await make(server)
    let device = try await fixture.device()
    let blocker = try PostgresPool(url: fixture.url, maximumConnections: 1, logger: .quiet)
    let (isLocked, mayGo) = (TaskSignal(), TaskSignal())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await blocker.withTransaction { transaction in
          try await transaction.execute("lock table registry.devices in access exclusive mode")
          isLocked.wake()
          await mayGo.wait(upTo: .seconds(300))
        }
      }
      await isLocked.wait(upTo: .seconds(20))
      let start = ContinuousClock.now
      await withTaskGroup { callers in
        for _ in 0..<30 {
          callers.addTask {
            let failure = await #expect(throws: RequestFailure.self) { try await fixture.store.device(device) }
            #expect(failure?.code == .unavailable || failure?.code == .overloaded)
          }
        }
      }
      #expect(ContinuousClock.now - start < .seconds(120))
      mayGo.wake()
      try await group.waitForAll()
    }
    #expect(try await fixture.store.device(device).id == device)
    await blocker.close()
  }
}
