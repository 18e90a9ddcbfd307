package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Makes a device. A repeat with the same ID and serial number answers the device that exists, and lets its count
  /// of reports begin anew, because a device that enrols again may have lost its flash.
  package func createDevice(_ new: NewDevice, by requester: Requester) async throws -> (device: Device, isNew: Bool) {
    let id = new.id ?? DeviceID.random()
    return try await write { connection in
      let isNew = try await Self.insert(new, as: id, connection)
      guard let device = try await Self.device(id, connection) else {
        throw RequestFailure.deletedMeanwhile(id)
      }
      if !isNew {
        guard device.serial == new.serial else { throw RequestFailure.deviceExists(id) }
        guard device.state != .decommissioned else { throw RequestFailure.decommissioned(id) }
        // A device that enrols again may have lost its flash, and with it its count of reports.
        try await connection.query(
          "update registry.reports set sequence = 0, epoch = 0 where device_id = $1 and sequence > 0", [.uuid(id.bytes)]
        )
      } else {
        try await Self.append(Self.creation(of: id, new, by: requester), connection)
      }
      return (device, isNew)
    }
  }

  /// What the audit log says of a device that was made.
  static func creation(of id: DeviceID, _ new: NewDevice, by requester: Requester) -> AuditRecord {
    AuditRecord(
      .createDevice, AuditRecord.target(id), by: requester,
      ["name": .string(new.name), "serial": .string(new.serial)])
  }

  private static func insert(_ new: NewDevice, as id: DeviceID, _ connection: some PostgresExecutor) async throws
    -> Bool
  {
    let inserted = try await connection.query(
      """
      insert into registry.devices (id, name, tags, serial) values ($1, $2, $3, $4)
      on conflict (id) do nothing returning id
      """,
      [.uuid(id.bytes), .text(new.name), .textArray(new.tags), .text(new.serial)])
    guard !inserted.isEmpty else { return false }
    // A statement of its own: the insert may have waited for the deletion that left this row.
    try await connection.query(
      """
      with retired as (
        delete from registry.retired_versions where device_id = $1 returning highest_version
      )
      update registry.devices d set highest_version = retired.highest_version from retired where d.id = $1
      """,
      [.uuid(id.bytes)])
    try await connection.query("insert into registry.reports (device_id) values ($1)", [.uuid(id.bytes)])
    try await append(
      .deviceCreated, of: id,
      ["name": .string(new.name), "tags": .array(new.tags.map { .string($0) }), "serial": .string(new.serial)],
      connection)
    return true
  }

  /// The device with this ID.
  ///
  /// - Throws: `notFound`.
  package func device(_ id: DeviceID) async throws -> Device {
    try await read { connection in
      guard let device = try await Self.device(id, connection) else { throw RequestFailure.unknownDevice(id) }
      return device
    }
  }

  static func device(_ id: DeviceID, _ connection: some PostgresExecutor) async throws -> Device? {
    let statement: SQL = "select " + DeviceRow.columns + " from " + DeviceRow.tables + " where d.id = $1"
    return try await connection.query(statement, [.uuid(id.bytes)]).first.map(DeviceRow.device)
  }

  /// Changes a device's name or tags. What is as it was already is no change, and leaves the revision.
  ///
  /// - Parameters:
  ///   - name: nil leaves it as it is, as with `tags`.
  ///   - revision: the change is refused if the device has another one by now.
  package func updateDevice(
    _ id: DeviceID, name: String?, tags: [String]?, ifRevision revision: Int64? = nil, by requester: Requester
  ) async throws -> Device {
    let name = try name.map(FieldRules.name)
    let tags = try tags.map(FieldRules.tags)
    return try await write { connection in
      let locked = try await connection.query(
        "select revision, name, tags from registry.devices where id = $1 for no key update", [.uuid(id.bytes)])
      guard let row = locked.first else { throw RequestFailure.unknownDevice(id) }
      let current = try row["revision"].int64
      if let revision, revision != current { throw RequestFailure.revisionMismatch(current: current) }
      let newName = try name ?? row["name"].text
      let newTags = try tags ?? row["tags"].textArray
      let detail: [String: JSONValue] = ["name": .string(newName), "tags": .array(newTags.map { .string($0) })]
      let isChange = try newName != row["name"].text || newTags != row["tags"].textArray
      if isChange {
        try await connection.query(
          "update registry.devices set name = $2, tags = $3, revision = revision + 1 where id = $1",
          [.uuid(id.bytes), .text(newName), .textArray(newTags)])
        try await Self.append(.deviceUpdated, of: id, detail, connection)
      }
      guard let device = try await Self.device(id, connection) else { throw RequestFailure.unknownDevice(id) }
      if isChange {
        try await Self.append(AuditRecord(.updateDevice, AuditRecord.target(id), by: requester, detail), connection)
      }
      return device
    }
  }

  /// Removes all rows of the device, many events after the answer. What stays is the event that tells of it, and its
  /// highest version, so that a device made again under the same ID never gets a version twice.
  package func deleteDevice(_ id: DeviceID, by requester: Requester) async throws {
    let hasLeftovers = try await write { connection in
      let key = [PostgresValue.uuid(id.bytes)]
      try await connection.query("select 1 from registry.reports where device_id = $1 for update", key)
      let rows = try await connection.query(
        "select name, serial, highest_version from registry.devices where id = $1 for update", key)
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      try await connection.query(
        """
        insert into registry.retired_versions (device_id, highest_version)
        select $1, $2 where $2 > 0
        on conflict (device_id) do update set highest_version = excluded.highest_version
        """,
        key + [.int8(try row["highest_version"].int64)])
      try await connection.query("delete from registry.outbox where device_id = $1", key)
      try await connection.query("delete from registry.firmware where device_id = $1", key)
      let hasLeftovers = try await Self.removeEvents(of: id, connection)
      try await connection.query("delete from registry.event_allowances where device_id = $1", key)
      try await connection.query("delete from registry.reports where device_id = $1", key)
      try await connection.query("delete from registry.devices where id = $1", key)
      let detail: [String: JSONValue] = [
        "name": .string(try row["name"].text), "serial": .string(try row["serial"].text),
      ]
      try await Self.append(.deviceDeleted, of: id, detail, connection)
      // Its certificate would outlive it.
      try await Self.queueRevocation(of: id, reason: "deleted", by: requester, connection)
      try await Self.append(AuditRecord(.deleteDevice, AuditRecord.target(id), by: requester, detail), connection)
      return hasLeftovers
    }
    revocationSignal.wake()
    if hasLeftovers { removalSignal.wake() }
  }
}
