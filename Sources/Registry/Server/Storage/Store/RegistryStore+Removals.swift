import Foundations
import PostgreSQL

extension RegistryStore {
  /// Events that one transaction removes at most.
  static let removalBatch = 2_000

  /// Removes the events of a device that is being deleted, as far as that is quick. What is left is hidden from here on,
  /// and removed in pieces after the commit.
  ///
  /// - Returns: whether something is left.
  static func removeEvents(of device: DeviceID, _ connection: some PostgresExecutor) async throws -> Bool {
    let row = try await connection.queryFirst("select coalesce(max(row_id), 0) as newest from registry.events")
    let newest = try row?["newest"].int64 ?? 0
    let removed = try await removeEvents(of: device, through: newest, kinds: nil, connection)
    guard removed == removalBatch else { return false }
    try await connection.query(
      """
      insert into registry.removals (device_id, events_through) values ($1, $2)
      on conflict (device_id) do update set events_through = excluded.events_through, kinds = null
      """,
      [.uuid(device.bytes), .int8(newest)])
    return true
  }

  private static func removeEvents(
    of device: DeviceID, through row: Int64, kinds: [String]?, _ connection: some PostgresExecutor
  ) async throws -> Int {
    try await connection.execute(
      """
      delete from registry.events where row_id in (
        select row_id from registry.events
        where device_id = $1 and row_id <= $2 and ($4::text[] is null or kind = any($4)) order by id limit $3)
      """,
      [.uuid(device.bytes), .int8(row), .int(removalBatch), .textArray(kinds)])
  }

  /// Removes a batch of events of one device that was deleted, or that has too many. Replicas that do so at once do
  /// different devices.
  ///
  /// - Returns: how many rows; nil if nothing is left to be done here.
  package func removeLeftovers() async throws -> Int? {
    try await write { connection in
      let row = try await connection.queryFirst(
        """
        select device_id, events_through, kinds from registry.removals
        order by requested_at limit 1 for update skip locked
        """)
      guard let row else { return nil }
      let (device, through) = (try DeviceRow.deviceID(row["device_id"]), try row["events_through"].int64)
      let removed = try await Self.removeEvents(
        of: device, through: through, kinds: try row["kinds"].optional?.textArray, connection)
      if removed < Self.removalBatch {
        try await connection.query("delete from registry.removals where device_id = $1", [.uuid(device.bytes)])
      }
      return removed
    }
  }
}
