import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct AuditTests {
  private static let hostileTexts = [
    "'; drop table registry.audit; --", "' or '1'='1", "\\", "%", "_", "$1", "\u{202E}evil", "a\"b", "ü +&=", "null",
  ]

  @Test func everyChangeSaysWhoMadeIt() async throws {
    let fixture = try await Fixture.make()
    let store = fixture.store
    let requester = Requester(principal: "token:ci", source: "192.0.2.7")
    let id = try await store.createDevice(
      NewDevice(id: nil, name: "pump", tags: [], serial: "S1"), by: requester
    ).device.id
    _ = try await store.updateDevice(id, name: "valve", tags: nil, by: requester)
    let image = try PublishedApp.sample()
    _ = try await store.assign(image, to: id, idempotencyKey: "k", by: requester)
    _ = try await store.renotify(id, by: requester)
    _ = try await store.record([.state(id, 1, .running(nil, .refused, failed: image.reference(1)))])
    _ = try await store.retryFirmware(of: id, by: requester)
    _ = try await store.decommission(id, reason: "scrapped", by: requester)
    try await store.deleteDevice(id, by: requester)
    let entries = try await store.audit(.all, before: nil, limit: 50).items
    #expect(
      entries.map(\.action) == [
        "delete-device", "decommission-device", "retry-firmware", "renotify-device", "assign-image", "update-device",
        "create-device",
      ])
    for entry in entries {
      #expect(entry.principal == "token:ci")
      #expect(entry.source == "192.0.2.7")
      #expect(entry.target == "device:\(id)")
      #expect(entry.outcome == "allowed")
    }
    let assigned = JSONValue(parsing: Array((entries.first { $0.action == "assign-image" }?.detail ?? "").utf8))
    #expect(assigned?["digest"] == .string("\(image.app.wasmDigest)"))
    #expect(assigned?["version"] == .integer(1))
  }

  @Test func whatChangesNothingIsNotInIt() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device("pump")
    _ = try await fixture.store.assign(.sample(), to: device, idempotencyKey: "k")
    let before = try await fixture.count("select count(*) from registry.audit")
    _ = try await fixture.store.assign(.sample(), to: device, idempotencyKey: "k")
    _ = try await fixture.store.updateDevice(device, name: "pump", tags: [])
    await #expect(throws: RequestFailure.self) { try await fixture.store.retryFirmware(of: device) }
    await #expect(throws: RequestFailure.self) { try await fixture.store.deleteDevice(.random()) }
    #expect(try await fixture.count("select count(*) from registry.audit") == before)
  }

  @Test func filtersAndPages() async throws {
    let fixture = try await Fixture.make()
    for number in 0..<9 {
      try await fixture.store.append(
        AuditRecord(
          number.isMultiple(of: 2) ? "even" : "odd", "device:\(number % 3)",
          by: Requester(principal: number < 3 ? "token:a" : "token:b", source: "bus")))
    }
    func ids(
      principal: String = "", action: String = "", target: String = "", since: Date? = nil, until: Date? = nil
    ) async throws -> [UInt64] {
      let filter = try AuditFilter(principal: principal, action: action, target: target, since: since, until: until)
      return try await fixture.store.audit(filter, before: nil, limit: 50).items.map(\.id)
    }
    #expect(try await ids() == [9, 8, 7, 6, 5, 4, 3, 2, 1])
    #expect(try await ids(principal: "token:a") == [3, 2, 1])
    #expect(try await ids(action: "odd") == [8, 6, 4, 2])
    #expect(try await ids(target: "device:0") == [7, 4, 1])
    #expect(try await ids(principal: "token:b", action: "odd", target: "device:0") == [4])
    let middle = try await fixture.store.audit(.all, before: 6, limit: 1).items[0].at
    #expect(try await ids(since: middle) == [9, 8, 7, 6, 5])
    #expect(try await ids(until: middle) == [4, 3, 2, 1])
    var found: [UInt64] = []
    var position: UInt64?
    repeat {
      let page = try await fixture.store.audit(.all, before: position, limit: 4)
      found += page.items.map(\.id)
      position = page.next
    } while position != nil
    #expect(found == [9, 8, 7, 6, 5, 4, 3, 2, 1])
  }

  @Test func hostileTextsAreTextsAndNothingElse() async throws {
    let fixture = try await Fixture.make()
    for text in Self.hostileTexts {
      try await fixture.store.append(
        AuditRecord(text, text, by: Requester(principal: text, source: text), ["reason": .string(text)]))
    }
    for text in Self.hostileTexts {
      for filter in [
        try AuditFilter(principal: text, action: "", target: "", since: nil, until: nil),
        try AuditFilter(principal: "", action: text, target: "", since: nil, until: nil),
        try AuditFilter(principal: "", action: "", target: text, since: nil, until: nil),
      ] {
        let items = try await fixture.store.audit(filter, before: nil, limit: 50).items
        #expect(items.map(\.source) == [text])
      }
    }
    for text in ["a\0b", "a\nb", String(repeating: "x", count: 1_000_000)] {
      #expect(throws: RequestFailure.self) {
        try AuditFilter(principal: text, action: "", target: "", since: nil, until: nil)
      }
      #expect(throws: RequestFailure.self) {
        try AuditFilter(principal: "", action: text, target: "", since: nil, until: nil)
      }
      #expect(throws: RequestFailure.self) {
        try AuditFilter(principal: "", action: "", target: text, since: nil, until: nil)
      }
      // What services tell is cut and cleaned: it must be on record all the same.
      try await fixture.store.append(AuditRecord(text, text, by: Requester(principal: text, source: text)))
    }
    #expect(throws: RequestFailure.self) {
      try AuditFilter(principal: "", action: "", target: "", since: .distantPast, until: nil)
    }
    #expect(try await fixture.count("select count(*) from registry.audit") == Self.hostileTexts.count + 3)
  }

  /// Not even for whom the tables belong to.
  @Test func sqlOfTheServicesRoleCannotChangeIt() async throws {
    let server = try await PostgresServer.shared()
    let url = try await server.createDatabase()
    let database = try #require(url.split(separator: "/").last.map(String.init))
    let role = "svc_\(database)"
    try await server.execute("create role \(role) login; grant create on database \(database) to \(role)")
    let own = url.replacing("postgresql://postgres@", with: "postgresql://\(role)@")
    let pool = try PostgresPool(url: own, maximumConnections: 2, logger: .quiet)
    try await RegistrySchema.migrator().migrate(pool)
    let store = RegistryStore(pool: pool)
    _ = try await store.createToken(.sample(), by: .operatorAnna)
    let statements: [SQL] = [
      "update registry.audit set principal = 'token:other'", "delete from registry.audit", "truncate registry.audit",
      "set session_replication_role = replica",
    ]
    for statement in statements {
      let error = await #expect(throws: PostgresError.self) { try await pool.execute(statement) }
      #expect(error?.sqlState?.rawValue == "42501", "\(statement): \(String(describing: error))")
    }
    // The door for what is old is shut for what is new, and for those who know how it opens.
    #expect(try await store.removeAudit(olderThan: .zero, limit: 100) == 0)
    await #expect(throws: PostgresError.self) {
      try await pool.withTransaction { connection in
        try await connection.query("select set_config('registry.removing_audit', 'yes', true)")
        try await connection.execute("delete from registry.audit")
      }
    }
    #expect(try await store.audit(.all, before: nil, limit: 9).items.map(\.principal) == ["operator:anna"])
    // The database says when, not the writer.
    try await pool.execute(
      """
      insert into registry.audit (id, at, principal, action, target, source, outcome, detail)
      values (1000, '2001-01-01', 'a', 'b', 'c', 'd', 'allowed', '{}')
      """)
    let forged = try await store.audit(.all, before: nil, limit: 1).items
    #expect(forged.first.map { $0.id < 1000 && $0.at > Date(timeIntervalSince1970: 1_700_000_000) } == true)
    await pool.close()
    try await server.execute("drop database \(database) with (force)")
    try await server.execute("drop role \(role)")
  }

  /// With rights of its own, the service can't even take the guard away.
  @Test func aServiceThatOwnsNothingWorksAndCannotLiftTheGuard() async throws {
    let server = try await PostgresServer.shared()
    let fixture = try await Fixture.make(on: server)
    let database = try #require(fixture.url.split(separator: "/").last.map(String.init))
    let role = "svc_\(database)"
    try await server.execute("create role \(role) login", database: database)
    try await server.execute(
      """
      grant usage on schema registry to \(role);
      grant select, insert, update, delete on all tables in schema registry to \(role);
      grant usage on all sequences in schema registry to \(role);
      revoke update, delete on registry.audit from \(role);
      """, database: database)
    let own = fixture.url.replacing("postgresql://postgres@", with: "postgresql://\(role)@")
    let pool = try PostgresPool(url: own, maximumConnections: 2, logger: .quiet)
    let store = RegistryStore(pool: pool)
    try await RegistrySchema.migrator().check(pool)
    let device = try await store.createDevice(.init(id: nil, name: "a", tags: [], serial: ""), by: .operatorAnna).device
    _ = try await store.decommission(device.id, reason: "lost", by: .operatorAnna)
    for statement in [
      "alter table registry.audit disable trigger keep_audit", "drop trigger keep_audit on registry.audit",
      "create or replace function registry.keep_audit() returns trigger language sql as 'select null'",
      "drop table registry.audit", "update registry.audit set principal = 'x'", "delete from registry.audit",
    ] as [SQL] {
      await #expect(throws: PostgresError.self, "\(statement)") { try await pool.execute(statement) }
    }
    // What is old leaves it with the owner's rights.
    try await fixture.pool.execute("alter table registry.audit disable trigger keep_audit")
    try await fixture.pool.execute(
      "update registry.audit set at = at - interval '30 days' where action = 'create-device'")
    try await fixture.pool.execute("alter table registry.audit enable trigger keep_audit")
    #expect(try await store.removeAudit(olderThan: .seconds(31 * 86_400), limit: 100) == 0)
    #expect(try await store.removeAudit(olderThan: .seconds(29 * 86_400), limit: 100) == 1)
    #expect(try await store.audit(.all, before: nil, limit: 9).items.map(\.action) == ["decommission-device"])
    await pool.close()
    try await server.execute("drop owned by \(role); drop role \(role)", database: database)
  }

  /// IDs become visible in their order, so that whoever follows the log misses none.
  @Test func entriesOfManyWritersBecomeVisibleInOrder() async throws {
    let fixture = try await Fixture.make()
    var devices: [DeviceID] = []
    for number in 0..<4 { devices.append(try await fixture.device("d\(number)")) }
    let all = devices
    let seen = try await withThrowingTaskGroup(of: Void.self) { group in
      for device in all {
        group.addTask {
          for round in 0..<10 { _ = try await fixture.store.updateDevice(device, name: "\(round)", tags: nil) }
        }
      }
      var last: UInt64 = 0
      var seen: [UInt64] = []
      try await eventually("all entries") {
        let page = try await fixture.store.audit(.all, before: nil, limit: 500).items
        let new = page.filter { $0.id > last }.map(\.id).reversed()
        seen += new
        last = new.last ?? last
        return seen.count == 44
      }
      try await group.waitForAll()
      return seen
    }
    #expect(seen == seen.sorted())
  }
}
