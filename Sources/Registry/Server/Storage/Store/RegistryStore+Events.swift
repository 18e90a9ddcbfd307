package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Events in the order that is asked for.
  ///
  /// - Parameter device: nil: events of all devices.
  /// - Throws: `conflict` (`events-went-back`) for events after one that there is not.
  package func events(
    of device: DeviceID?, _ order: EventOrder, limit: Int
  ) async throws -> [RegistryEvent] {
    var statement: SQL = "select id, device_id, kind, at, detail from registry.events where "
    var values: [PostgresValue] = [.int(limit)]
    switch order {
    case .after(let id, let end):
      statement += "id > $2 and id < $4"
      values += [.int8(Int64(clamping: id)), .uuid(device?.bytes), .int8(end.map { Int64(clamping: $0) } ?? .max)]
    case .before(let id):
      statement += "id < $2"
      values += [.int8(id.map { Int64(clamping: $0) } ?? .max), .uuid(device?.bytes)]
    }
    if device != nil {
      statement += """
         and device_id = $3
        and not exists (
          select from registry.removals r
          where r.device_id = $3 and row_id <= r.events_through and (r.kinds is null or kind = any(r.kinds)))
        """
    }
    statement += order.isForward ? " order by id limit $1" : " order by id desc limit $1"
    let (text, parameters) = (statement, values)
    return try await read { connection in
      let rows = try await connection.query(text, parameters)
      if rows.isEmpty, let device { try await Self.requireDevice(device, connection) }
      if rows.isEmpty, case .after(let id, _) = order, id > 0 { try await Self.requireEvent(id, connection) }
      return try rows.map { row in
        RegistryEvent(
          id: UInt64(try row["id"].int64), device: try DeviceRow.deviceID(row["device_id"]), kind: try row["kind"].text,
          at: try row["at"].date, detail: try row["detail"].text)
      }
    }
  }

  /// Removes some of the oldest events, if they are older than that.
  ///
  /// - Returns: how many; as many as `limit` if there may be more.
  package func removeEvents(olderThan age: Duration, limit: Int) async throws -> Int {
    // Rows are numbered in the order of time, so the oldest are found without looking at the rest.
    try await read { connection in
      try await connection.execute(
        """
        delete from registry.events e
        using (select row_id from registry.events order by row_id limit $1) as oldest
        where e.row_id = oldest.row_id and e.at < statement_timestamp() - $2 * interval '1 millisecond'
        """,
        [.int(limit), .int8(age.wholeMilliseconds)])
    }
  }

  /// Refuses to go on from an event that there is not yet: its reader would wait for the numbers to catch up, and
  /// miss what happens until then.
  private static func requireEvent(_ id: UInt64, _ connection: some PostgresExecutor) async throws {
    let row = try await connection.queryFirst(
      "select case when is_called then last_value else 0 end as newest from registry.event_ids")
    let newest = UInt64(try row?["newest"].int64 ?? 0)
    if id > newest { throw RequestFailure.eventsWentBack(asked: id, newest: newest) }
  }

  /// Throws `notFound` unless there is the device.
  static func requireDevice(_ id: DeviceID, _ connection: some PostgresExecutor) async throws {
    let found = try await connection.query("select 1 from registry.devices where id = $1", [.uuid(id.bytes)])
    if found.isEmpty { throw RequestFailure.unknownDevice(id) }
  }

  /// Makes an event in this transaction, which gets its number as that commits.
  static func append(
    _ kind: RegistryEvent.Kind, of device: DeviceID, _ detail: [String: JSONValue], _ connection: some PostgresExecutor
  ) async throws {
    try await connection.query(
      "insert into registry.events (device_id, kind, detail) values ($1, $2, $3)",
      [.uuid(device.bytes), .text(kind.rawValue), .jsonb(JSONValue.object(detail).text)])
  }
}

extension FirmwareReference {
  /// The reference as the details of events have it.
  var json: JSONValue { .object(["version": .integer(Int64(clamping: version)), "digest": .string("\(digest)")]) }
}
