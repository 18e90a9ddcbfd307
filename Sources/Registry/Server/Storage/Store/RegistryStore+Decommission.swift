package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Takes a device out of service: its history stays, nothing is assigned to it or notified any more, and the
  /// Provisioner is told to take its certificates back, for as long as it takes. A repeat changes nothing.
  package func decommission(_ id: DeviceID, reason: String, by requester: Requester) async throws -> Device {
    let reason = try FieldText.printable(reason, field: "reason", length: 1...FieldRules.decommissioningReasonLength)
    let (device, isNew) = try await write { connection in
      let key = [PostgresValue.uuid(id.bytes)]
      let rows = try await connection.query("select state from registry.devices where id = $1 for no key update", key)
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      let isNew = try row["state"].text != DeploymentState.decommissioned.rawValue
      if isNew {
        try await connection.query(
          "update registry.devices set decommissioned_at = clock_timestamp() where id = $1", key)
        try await connection.query("delete from registry.outbox where device_id = $1", key)
        try await Self.append(.deviceDecommissioned, of: id, ["reason": .string(reason)], connection)
        try await Self.queueRevocation(of: id, reason: reason, by: requester, connection)
      }
      guard let device = try await Self.device(id, connection) else { throw RequestFailure.unknownDevice(id) }
      if isNew {
        try await Self.append(
          AuditRecord(.decommissionDevice, AuditRecord.target(id), by: requester, ["reason": .string(reason)]),
          connection)
      }
      return (device, isNew)
    }
    if isNew { revocationSignal.wake() }
    return device
  }

  /// Notes in this transaction that the Provisioner must take the device's certificates back.
  static func queueRevocation(
    of id: DeviceID, reason: String, by requester: Requester, _ connection: some PostgresExecutor
  ) async throws {
    try await connection.query(
      """
      insert into registry.revocations (device_id, reason, principal, source) values ($1, $2, $3, $4)
      on conflict (device_id) do nothing
      """,
      [.uuid(id.bytes), .text(reason), .text(requester.principal), .text(requester.source)])
  }

  /// Takes revocations that are due, so that no other replica does until the lease runs out.
  package func claimRevocations(limit: Int, lease: Duration) async throws -> [PendingRevocation] {
    let rows = try await read { connection in
      try await connection.query(
        """
        with due as (
          select device_id from registry.revocations where due_at <= statement_timestamp()
          order by due_at limit $1 for update skip locked
        )
        update registry.revocations r
        set due_at = clock_timestamp() + $2 * interval '1 millisecond', attempts = attempts + 1
        from due where r.device_id = due.device_id
        returning r.device_id, r.reason, r.principal, r.source, r.attempts
        """,
        [.int(limit), .int8(lease.wholeMilliseconds)])
    }
    return try rows.map { row in
      PendingRevocation(
        device: try DeviceRow.deviceID(row["device_id"]), reason: try row["reason"].text,
        requester: Requester(principal: try row["principal"].text, source: try row["source"].text),
        attempts: UInt64(try row["attempts"].int64))
    }
  }

  /// How long until a revocation is due; nil if there is none.
  package func timeToNextRevocation() async throws -> Duration? {
    let rows = try await read { connection in
      try await connection.query(
        "select extract(epoch from min(due_at) - clock_timestamp())::float8 as wait from registry.revocations")
    }
    return try rows.first?["wait"].optional.map { .seconds(max(0, try $0.double)) }
  }

  /// The Provisioner has taken the device's certificates back: there is nothing more to tell.
  package func settleRevocation(of id: DeviceID) async throws {
    _ = try await read { connection in
      try await connection.execute("delete from registry.revocations where device_id = $1", [.uuid(id.bytes)])
    }
  }

  /// The Provisioner could not be told: it is tried again after `delay`. `error` is kept for people who look.
  package func postponeRevocation(of id: DeviceID, by delay: Duration, error: String) async throws {
    _ = try await read { connection in
      try await connection.execute(
        """
        update registry.revocations
        set due_at = clock_timestamp() + $2 * interval '1 millisecond', last_error = $3 where device_id = $1
        """,
        [.uuid(id.bytes), .int8(delay.wholeMilliseconds), .text(FieldRules.sanitizedReason(error))])
    }
  }

  /// How many devices the Provisioner must still be told of.
  package func pendingRevocations() async throws -> Int {
    let row = try await read { try await $0.queryFirst("select count(*) as pending from registry.revocations") }
    return try row?["pending"].int ?? 0
  }
}
