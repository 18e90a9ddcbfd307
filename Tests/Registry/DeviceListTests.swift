import DeviceProtocol
import FoundationEssentials
import Foundations
import PostgreSQL
import TestSupport
import Testing

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct DeviceListTests {
  private func names(
    _ fixture: Fixture, prefix: String = "", tag: String = "", state: String = ""
  ) async throws -> [String] {
    try await fixture.store.devices(
      DeviceFilter(namePrefix: prefix, tags: [tag], state: state), after: nil, limit: 500
    ).items.map(\.name)
  }

  @Test func pagesHoldEveryDeviceOnceWhileOthersComeAndGo() async throws {
    let fixture = try await Fixture.make()
    // Equal names are told apart by their IDs.
    var stable: Set<DeviceID> = []
    for number in 0..<40 { stable.insert(try await fixture.device("device-\(number % 10)")) }
    var seen: [DeviceID] = []
    var position: DeviceCursor?
    repeat {
      let page = try await fixture.store.devices(.all, after: position, limit: 7)
      #expect(page.items.count == 7 || page.next == nil)
      seen += page.items.map(\.id)
      position = try page.next.map { try DeviceCursor($0.text) }
      // Before, between and after; and the very device that the cursor stands on may go.
      for name in ["a", "device-5", "z"] { _ = try await fixture.device(name) }
      if let last = page.items.last, !stable.contains(last.id) { try await fixture.store.deleteDevice(last.id) }
    } while position != nil
    #expect(seen.count == Set(seen).count)
    #expect(stable.isSubset(of: seen))
  }

  @Test func aCursorOutlivesItsDevice() async throws {
    let fixture = try await Fixture.make()
    for name in ["a", "b", "c", "d"] { _ = try await fixture.device(name) }
    let page = try await fixture.store.devices(.all, after: nil, limit: 2)
    try await fixture.store.deleteDevice(page.items[1].id)
    let next = try await fixture.store.devices(.all, after: page.next, limit: 2)
    #expect(next.items.map(\.name) == ["c", "d"])
    #expect(next.next == nil)
  }

  @Test func filters() async throws {
    let fixture = try await Fixture.make()
    let image = try PublishedApp.sample()
    var ids: [String: DeviceID] = [:]
    for (name, tags) in [
      ("pump-1", ["north", "pump"]), ("pump-2", ["south", "pump"]), ("Pump-3", ["north"]), ("pump%", []), ("valve", []),
    ] {
      ids[name] = try await fixture.device(name, tags: tags)
    }
    for name in ["pump-1", "pump-2", "valve"] {
      _ = try await fixture.store.assign(image, to: try #require(ids[name]), idempotencyKey: "k")
    }
    let desired = image.reference(1)
    _ = try await fixture.store.record([
      .state(try #require(ids["pump-1"]), 1, .running(desired)),
      .state(try #require(ids["valve"]), 1, .running(nil, .refused, failed: desired)),
      .presence(try #require(ids["pump%"]), online: true), .presence(try #require(ids["pump%"]), online: false),
    ])
    #expect(try await names(fixture) == ["Pump-3", "pump%", "pump-1", "pump-2", "valve"])
    #expect(try await names(fixture, prefix: "pump") == ["pump%", "pump-1", "pump-2"])
    #expect(try await names(fixture, prefix: "pump%") == ["pump%"])
    #expect(try await names(fixture, prefix: "pump_") == [])
    #expect(try await names(fixture, tag: "north") == ["Pump-3", "pump-1"])
    #expect(try await names(fixture, prefix: "p", tag: "pump") == ["pump-1", "pump-2"])
    #expect(try await names(fixture, state: "current") == ["pump-1"])
    #expect(try await names(fixture, state: "pending") == ["pump-2"])
    #expect(try await names(fixture, state: "failed") == ["valve"])
    #expect(try await names(fixture, state: "unassigned") == ["Pump-3", "pump%"])
    #expect(try await names(fixture, state: "online") == ["pump-1", "valve"])
    #expect(try await names(fixture, state: "offline") == ["Pump-3", "pump%", "pump-2"])
    #expect(try await names(fixture, tag: "pump", state: "online") == ["pump-1"])
  }

  @Test func silenceIsOffline() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(onlineWindow: 0.05))
    let id = try await fixture.device("pump")
    _ = try await fixture.store.record([.presence(id, online: true)])
    try await eventually { try await names(fixture, state: "offline") == ["pump"] }
    let device = try await fixture.store.device(id)
    #expect(!device.online)
    #expect(device.lastSeen != nil)
  }

  /// With a fleet in the tables no filter may read all of it.
  @Test func everyFilterIsServedByAnIndex() async throws {
    let fixture = try await Fixture.make()
    try await fixture.pool.execute(
      """
      with made as (
        insert into registry.devices (id, name, tags, desired_version, desired_digest, reported_version, reported_digest,
          reported_status)
        select gen_random_uuid(), 'device-' || n, array['common', 'tag-' || n % 2000], 1, decode('00', 'hex'),
          1, decode('00', 'hex'), case when n % 1000 = 0 then 'trial' else 'confirmed' end
        from generate_series(1, 20000) as n
        returning id
      )
      insert into registry.reports (device_id, online_until)
      select id, case when random() < 0.001 then '-infinity'::timestamptz else now() + interval '1 hour' end from made
      """)
    try await fixture.pool.execute(
      """
      update registry.devices set desired_digest = decode(repeat('00', 32), 'hex'),
        reported_digest = decode(repeat('00', 32), 'hex')
      """)
    try await fixture.pool.execute(
      """
      insert into registry.firmware (device_id, version, digest, length_bytes, app_name, app_version, security_epoch,
        host_api_level, publisher_key_id, publisher_signature, configuration, idempotency_key)
      select id, 1, desired_digest, 1, 'app', '1', 0, 1, '', '', decode(repeat('00', 512), 'hex'), 'k'
      from registry.devices
      """)
    // As after an assignment to the whole fleet.
    try await fixture.pool.execute(
      """
      insert into registry.outbox (device_id, version, cause)
      select id, 1, 'assigned' from registry.devices
      """)
    try await fixture.pool.execute("analyze registry.outbox")
    try await fixture.pool.execute("analyze registry.firmware")
    try await fixture.pool.execute("analyze registry.devices")
    try await fixture.pool.execute("analyze registry.reports")
    let position = DeviceCursor(name: "device-15", id: .random())
    for (filter, cursor) in [
      (.all, nil), (.all, position),
      (try DeviceFilter(namePrefix: "device-77", tags: [], state: ""), nil),
      (try DeviceFilter(namePrefix: "", tags: ["tag-7"], state: ""), nil),
      (try DeviceFilter(namePrefix: "", tags: ["common"], state: ""), position),
      (try DeviceFilter(namePrefix: "", tags: [], state: "pending"), nil),
      (try DeviceFilter(namePrefix: "", tags: [], state: "current"), position),
      (try DeviceFilter(namePrefix: "", tags: [], state: "failed"), nil),
      (try DeviceFilter(namePrefix: "", tags: [], state: "online"), nil),
      (try DeviceFilter(namePrefix: "", tags: [], state: "offline"), nil),
    ] as [(DeviceFilter, DeviceCursor?)] {
      let (statement, values) = DeviceListQuery.make(filter, after: cursor, limit: 51)
      let plan = try await fixture.pool.query("explain (analyze, timing off) " + statement, values)
        .map { try $0["QUERY PLAN"].text }
      #expect(!plan.contains { $0.contains("Seq Scan") }, "\(filter): \(plan.joined(separator: "\n"))")
    }
  }
}
