package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Makes many devices in one transaction, each as ``createDevice(_:by:)`` does: a fleet that enrols at once would
  /// otherwise wait for as many commits, which events make one another wait for.
  ///
  /// - Parameter new: each with an ID.
  /// - Returns: by ID, why a device was not made. Those that it has nothing of exist now.
  package func createDevices(
    _ new: [NewDevice], by requester: Requester
  ) async throws -> [DeviceID: RequestFailure] {
    var byID: [DeviceID: NewDevice] = [:]
    for device in new {
      guard let id = device.id else { throw RequestFailure(field: "id", "is missing: choose one for each device") }
      byID[id] = device
    }
    // Rows are locked in the order of IDs everywhere.
    let devices = byID.map { (id: $0, device: $1) }.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) }
    guard !devices.isEmpty else { return [:] }
    return try await write { connection in
      let inserted = try await connection.pipeline(
        devices.map { id, device in
          PostgresStatement(
            """
            insert into registry.devices (id, name, tags, serial) values ($1, $2, $3, $4)
            on conflict (id) do nothing returning id
            """,
            [.uuid(id.bytes), .text(device.name), .textArray(device.tags), .text(device.serial)])
        })
      let made = zip(devices, inserted).filter { !$1.isEmpty }.map(\.0)
      let known = zip(devices, inserted).filter(\.1.isEmpty).map(\.0)
      if !made.isEmpty { try await Self.complete(made, connection) }
      let failures = known.isEmpty ? [:] : try await Self.recall(known, connection)
      try await Self.append(made.map { Self.creation(of: $0.id, $0.device, by: requester) }, connection)
      return failures
    }
  }

  private static func complete(
    _ made: [(id: DeviceID, device: NewDevice)], _ connection: some PostgresExecutor
  ) async throws {
    let ids = PostgresValue.uuidArray(made.map(\.id.bytes))
    try await connection.pipeline([
      // Statements of their own: an insert may have waited for the deletion that left a row here.
      PostgresStatement(
        """
        with retired as (
          delete from registry.retired_versions where device_id = any($1) returning device_id, highest_version
        )
        update registry.devices d set highest_version = retired.highest_version
        from retired where d.id = retired.device_id
        """, [ids]),
      PostgresStatement("insert into registry.reports (device_id) select unnest($1)", [ids]),
    ])
    try await connection.executeBatch(
      "insert into registry.events (device_id, kind, detail) values ($1, $2, $3)",
      made.map { id, device in
        [
          .uuid(id.bytes), .text(RegistryEvent.Kind.deviceCreated.rawValue),
          .jsonb(
            JSONValue.object([
              "name": .string(device.name), "tags": .array(device.tags.map { .string($0) }),
              "serial": .string(device.serial),
            ]).text),
        ]
      })
  }

  private static func recall(
    _ known: [(id: DeviceID, device: NewDevice)], _ connection: some PostgresExecutor
  ) async throws -> [DeviceID: RequestFailure] {
    let ids = PostgresValue.uuidArray(known.map(\.id.bytes))
    var serials: [DeviceID: String] = [:]
    var retired: Set<DeviceID> = []
    for row in try await connection.query("select id, serial, state from registry.devices where id = any($1)", [ids]) {
      let id = try DeviceRow.deviceID(row["id"])
      serials[id] = try row["serial"].text
      if try row["state"].text == DeploymentState.decommissioned.rawValue { retired.insert(id) }
    }
    var failures: [DeviceID: RequestFailure] = [:]
    for (id, device) in known {
      if let serial = serials[id] {
        if serial != device.serial {
          failures[id] = .deviceExists(id)
        } else if retired.contains(id) {
          failures[id] = .decommissioned(id)
        }
      } else {
        failures[id] = .deletedMeanwhile(id)
      }
    }
    // A device that enrols again may have lost its flash, and with it its count of reports.
    let again = known.filter { failures[$0.id] == nil }.map(\.id.bytes)
    try await connection.query(
      """
      update registry.reports set sequence = 0, epoch = 0
      where device_id in (
        select device_id from registry.reports where device_id = any($1) and sequence > 0 order by device_id for update
      )
      """, [.uuidArray(again)])
    return failures
  }
}
