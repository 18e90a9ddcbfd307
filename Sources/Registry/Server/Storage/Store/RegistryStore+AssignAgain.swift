import Foundations
import PostgreSQL
import RegistryDomain
import TextFormats

extension RegistryStore {
  /// How often an image becomes a higher version by itself before a person must look at it: a device that claims a
  /// higher one each time must not fill the tables.
  static let assignmentsAgain = 8

  /// Gives devices their desired image as a higher version, where they had that one's number already and never tried it.
  /// The director signs it anew.
  ///
  /// Decides again under the lock. Where the director can't sign now, the next report comes back to it.
  func assignAgain(_ ids: [DeviceID]) async throws {
    let queued = try await write { connection in
      let rows = try await connection.query(
        "select id, desired_version, " + Self.nextVersion + ", " + Self.isAhead
          + " from registry.devices where id = any($1) and decommissioned_at is null order by id for no key update",
        [.uuidArray(ids.map(\.bytes))])
      let ahead = try rows.filter { try $0["is_ahead"].bool }
      guard !ahead.isEmpty else { return 0 }
      let statement: SQL =
        "select " + FirmwareRow.columns
          + """
          , idempotency_key from registry.firmware f
            join unnest($1::uuid[], $2::int8[]) as u (wanted_device, wanted_version)
              on f.device_id = u.wanted_device and f.version = u.wanted_version
          where trial_at is null and confirmed_at is null and failed_at is null
          """
      let found = try await connection.query(
        statement,
        [
          .uuidArray(try ahead.map { try $0["id"].uuid }),
          .int8Array(try ahead.map { try $0["desired_version"].int64 }),
        ])
      var next: [DeviceID: UInt64] = [:]
      for row in ahead { next[try DeviceRow.deviceID(row["id"])] = UInt64(try row["next_version"].int64) }
      let director: AssignmentSigner
      do { director = try await signer(connection) } catch is RequestFailure { return 0 }
      var made: [AssignedAgain] = []
      for row in found {
        let firmware = try FirmwareRow.firmware(row)
        let count = AssignedAgain.count(inKey: try row["idempotency_key"].text)
        guard let version = next[firmware.device], count < Self.assignmentsAgain else { continue }
        let configuration: [UInt8]
        // An app whose publisher is trusted no more stays as it is, and keeps none of the others from theirs.
        do {
          configuration = try director.sign(firmware.image, for: firmware.device, version: version)
        } catch is RequestFailure { continue }
        made.append(AssignedAgain(firmware, as: version, count: count + 1, configuration: configuration))
      }
      return try await Self.insert(made, connection)
    }
    if queued > 0 { outboxSignal.wake() }
  }

  private static func insert(_ made: [AssignedAgain], _ connection: some PostgresExecutor) async throws -> Int {
    guard !made.isEmpty else { return 0 }
    let statement: SQL =
      """
      with assigned as (
        insert into registry.firmware (
          device_id, version, digest, length_bytes, app_name, app_version, security_epoch, host_api_level,
          publisher_key_id, publisher_signature, configuration, idempotency_key)
        select f.device_id, u.version, f.digest, f.length_bytes, f.app_name, f.app_version, f.security_epoch,
          f.host_api_level, f.publisher_key_id, f.publisher_signature, u.configuration, u.key
        from unnest($1::uuid[], $2::int8[], $3::int8[], $4::bytea[], $5::text[])
            as u (device_id, before, version, configuration, key)
          join registry.firmware f on f.device_id = u.device_id and f.version = u.before
        order by u.device_id
        on conflict do nothing
        returning device_id, version, digest
      ),
      """ + pointing + """
        , queued as (
          insert into registry.outbox (device_id, version, cause)
          select device_id, version, 'assigned' from assigned order by device_id
          returning device_id
        ), noted as (
          select registry.append_events(
            array_agg(e.device_id order by e.place), array_agg($6::text order by e.place),
            array_agg(e.detail order by e.place))
          from unnest($1::uuid[], $7::text[]) with ordinality as e (device_id, detail, place)
            join queued on queued.device_id = e.device_id join pointed on pointed.id = e.device_id
        )
        select pg_notify($8, '') from noted
        """
    return try await connection.query(
      statement,
      [
        .uuidArray(made.map(\.device.bytes)), .int8Array(made.map { Int64($0.before) }),
        .int8Array(made.map { Int64($0.version) }), .byteaArray(made.map(\.configuration)),
        .textArray(made.map(\.key)), .text(RegistryEvent.Kind.imageAssignedAgain.rawValue),
        .textArray(made.map { JSONValue.object($0.detail).text }), .text(RegistrySchema.outboxChannel),
      ]
    ).count
  }
}

/// An image that becomes a higher version of the same device.
private struct AssignedAgain {
  /// Begins with a control character, which no client's key has.
  private static let keyPrefix = "\u{1}again "

  let device: DeviceID
  let before: UInt64
  let version: UInt64
  let configuration: [UInt8]
  let key: String
  let detail: [String: JSONValue]

  init(_ firmware: FirmwareVersion, as version: UInt64, count: Int, configuration: [UInt8]) {
    device = firmware.device
    before = firmware.version
    self.version = version
    self.configuration = configuration
    key = "\(Self.keyPrefix)\(count) of \(before)"
    var detail = RegistryStore.detail(firmware.image, version)
    detail["before"] = .integer(Int64(clamping: before))
    self.detail = detail
  }

  /// How often the image became a higher version since a person assigned it.
  static func count(inKey key: String) -> Int {
    guard key.hasPrefix(keyPrefix) else { return 0 }
    return Int(key.dropFirst(keyPrefix.count).prefix { $0 != " " }) ?? 0
  }
}
