import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Takes notifications that are due, so that no other dispatcher does until the lease runs out.
  ///
  /// - Parameter claim: 16 bytes that tell this claim from all others.
  package func claimOutbox(limit: Int, lease: Duration, claim: [UInt8]) async throws -> [OutboxEntry] {
    let rows = try await read { connection in
      try await connection.query(
        """
        with due as (
          select device_id, version from registry.outbox
          where ready_at <= statement_timestamp()
          order by ready_at limit $1
          for update skip locked
        ), claimed as (
          update registry.outbox o
          set claim = $2, claimed_until = clock_timestamp() + $3 * interval '1 millisecond', attempts = attempts + 1
          from due where o.device_id = due.device_id and o.version = due.version
          returning o.device_id, o.version, o.attempts, clock_timestamp() - o.created_at as age
        )
        select c.device_id, c.version, c.attempts, extract(epoch from c.age)::float8 as age_seconds,
          f.digest, f.length_bytes, extract(epoch from clock_timestamp() - f.created_at)::float8 as since_assigned,
          f.timeline ->> 'traceParent' as trace_parent, f.timeline ->> 'requestID' as request_id
        from claimed c join registry.firmware f on f.device_id = c.device_id and f.version = c.version
        order by c.device_id, c.version
        """,
        [.int(limit), .uuid(claim), .int8(lease.wholeMilliseconds)])
    }
    return try rows.map { row in
      OutboxEntry(
        key: OutboxEntry.Key(
          device: try DeviceRow.deviceID(row["device_id"]), version: UInt64(try row["version"].int64)),
        digest: try DeviceRow.digest(row["digest"]),
        sizeBytes: UInt64(ImageHeader.byteCount) + UInt64(try row["length_bytes"].int64),
        attempts: UInt64(try row["attempts"].int64),
        age: .seconds(try row["age_seconds"].double),
        sinceAssigned: .seconds(max(0, try row["since_assigned"].double)),
        trace: try row["trace_parent"].optional.flatMap {
          TraceContext(try $0.text, requestID: try row["request_id"].optional?.text ?? "")
        })
    }
  }

  /// Ends a claim: what was acknowledged leaves the outbox, the rest waits for its next try.
  ///
  /// What was acknowledged leaves it even if the lease ran out and another replica took it up; what
  /// was not is left to that replica then.
  package func settleOutbox(_ outcome: DeliveryOutcome, claim: [UInt8]) async throws {
    var statements: [PostgresStatement] = []
    if !outcome.postponed.isEmpty { statements.append(Self.postponing(outcome.postponed, claim: claim)) }
    statements.append(
      Self.removing(outcome.acknowledged, marks: outcome.marks, postponed: outcome.postponed.map(\.key)))
    let writes = statements
    _ = try await writeShortly(reading: []) { _ in ShortTransactionPlan((), writes: writes) }
  }

  /// After how many attempts at one notification an event tells of it. It goes on being tried.
  private static let attemptsBeforeEvent = 10

  /// Removes what was acknowledged, and makes the events of it, and of what failed too often. It is the last
  /// statement of its transaction.
  ///
  /// Repeats for the sake of level-triggered convergence make no events: a device that never converges would make one
  /// with each heartbeat.
  ///
  /// - Parameter marks: when each was taken, published and acknowledged. What a device told of a version stays tied to
  ///   the notification that it got.
  private static func removing(
    _ keys: [OutboxEntry.Key], marks: [OutboxEntry.Key: [DeploymentMark]], postponed: [OutboxEntry.Key]
  ) -> PostgresStatement {
    PostgresStatement(
      """
      with removed as (
        delete from registry.outbox o using unnest($1::uuid[], $2::int8[], $8::text[]) as u (device_id, version, marks)
        where o.device_id = u.device_id and o.version = u.version
        returning o.device_id, o.version, o.cause, o.attempts, u.marks
      ), noted as (
        update registry.firmware f
        set notified_at = clock_timestamp(),
          timeline = case when removed.marks = '' or coalesce(f.timeline, '{}') ? 'device' then f.timeline
            else coalesce(f.timeline, '{}') || jsonb_build_object('notify', removed.marks::jsonb) end
        from removed where f.device_id = removed.device_id and f.version = removed.version
        returning f.device_id, f.version, f.digest
      ), told as (
        select noted.device_id, $6 as kind, jsonb_build_object(
          'version', noted.version, 'digest', 'sha256:' || encode(noted.digest, 'hex'), 'attempts', removed.attempts
        )::text as detail
        from noted join removed on removed.device_id = noted.device_id and removed.version = noted.version
        where removed.cause <> 'reconciled'
        union all
        select o.device_id, $7, jsonb_build_object(
          'version', o.version, 'attempts', o.attempts, 'error', o.last_error)::text
        from unnest($3::uuid[], $4::int8[]) as u (device_id, version)
          join registry.outbox o on o.device_id = u.device_id and o.version = u.version
        where o.attempts = $5 and o.claim is null
      )
      select registry.append_events(
        array_agg(device_id order by device_id), array_agg(kind order by device_id),
        array_agg(detail order by device_id))
      from told
      """,
      [
        .uuidArray(keys.map(\.device.bytes)), .int8Array(keys.map { Int64($0.version) }),
        .uuidArray(postponed.map(\.device.bytes)), .int8Array(postponed.map { Int64($0.version) }),
        .int(attemptsBeforeEvent), .text(RegistryEvent.Kind.notified.rawValue),
        .text(RegistryEvent.Kind.notificationDelayed.rawValue),
        .textArray(keys.map { marks[$0]?.json.text ?? "" }),
      ])
  }

  private static func postponing(_ postponed: [DeliveryOutcome.Postponement], claim: [UInt8]) -> PostgresStatement {
    PostgresStatement(
      """
      update registry.outbox o
      set claim = null, claimed_until = null, last_error = u.error,
        due_at = clock_timestamp() + u.delay * interval '1 millisecond'
      from unnest($1::uuid[], $2::int8[], $3::int8[], $4::text[]) as u (device_id, version, delay, error)
      where o.device_id = u.device_id and o.version = u.version and o.claim = $5
      """,
      [
        .uuidArray(postponed.map(\.key.device.bytes)), .int8Array(postponed.map { Int64($0.key.version) }),
        .int8Array(postponed.map(\.delay.wholeMilliseconds)), .textArray(postponed.map(\.error)), .uuid(claim),
      ])
  }

  /// How long until something in the outbox is due, by the database's clock; nil if it is empty.
  package func timeToNextDue() async throws -> Duration? {
    let rows = try await read { connection in
      try await connection.query(
        "select extract(epoch from min(ready_at) - clock_timestamp())::float8 as wait from registry.outbox")
    }
    return try rows.first?["wait"].optional.map { .seconds(max(0, try $0.double)) }
  }

  /// How many notifications wait, counted up to a bound.
  package func outboxPending() async throws -> Int {
    let rows = try await read { connection in
      try await connection.query(
        "select count(*) as pending from (select 1 from registry.outbox limit 100000) as counted")
    }
    return try rows.first?["pending"].int ?? 0
  }

  /// Puts a notification of the desired version into the outbox again, unless the device did not keep that version.
  ///
  /// - Returns: the version.
  package func renotify(_ id: DeviceID, by requester: Requester) async throws -> UInt64 {
    let version = try await write { connection in
      let rows = try await connection.query(
        "select desired_version, state from registry.devices where id = $1 for no key update", [.uuid(id.bytes)])
      guard let row = rows.first else { throw RequestFailure.unknownDevice(id) }
      try Self.requireInService(id, row)
      guard let version = try row["desired_version"].optional?.int64 else { throw RequestFailure.noFirmware(id) }
      guard try row["state"].text != DeploymentState.failed.rawValue else {
        throw RequestFailure.heldBack(id, version: UInt64(version))
      }
      try await connection.query(
        """
        insert into registry.outbox as o (device_id, version, cause) values ($1, $2, 'requested')
        on conflict (device_id, version) do update
        set cause = 'requested', due_at = least(o.due_at, clock_timestamp())
        """,
        [.uuid(id.bytes), .int8(version)])
      try await Self.append(.notificationRequested, of: id, ["version": .integer(version)], connection)
      try await Self.announceOutbox(connection)
      try await Self.append(
        AuditRecord(.renotifyDevice, AuditRecord.target(id), by: requester, ["version": .integer(version)]), connection)
      return UInt64(version)
    }
    outboxSignal.wake()
    return version
  }
}
