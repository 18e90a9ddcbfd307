import FirmwareImage
package import Foundations
import PostgreSQL
package import RegistryDomain
import TextFormats

extension RegistryStore {
  /// Gives the image to the device as its next version, in one transaction with the notification.
  ///
  /// A repeat with the same key answers the first outcome; the same key with another image is refused.
  ///
  /// - Parameter origin: how that came to be asked for, which is kept with the version.
  package func assign(
    _ image: PublishedApp, to id: DeviceID, idempotencyKey: String, by requester: Requester,
    origin: DeploymentOrigin = DeploymentOrigin()
  ) async throws -> Assignment {
    let key = try FieldRules.idempotencyKey(idempotencyKey)
    let assignment = try await write { connection in
      // The lock makes assignments to one device follow each other: versions have no gaps.
      let locked = try await connection.query(
        Self.assignable + " for no key update of d", [.uuid(id.bytes)])
      let version: UInt64
      switch try await Self.admit(image, id, key, locked.first, connection) {
      case .made(let earlier):
        return Assignment(version: earlier.version, configuration: earlier.configuration, repeated: true)
      case .next(let next): version = next
      }
      let configuration = try await signedConfiguration(image, for: id, version: version, connection)
      try await Self.insertFirmware(
        image, version: version, of: id, key: key, configuration, origin: origin, connection)
      try await Self.append(
        AuditRecord(.assignImage, AuditRecord.target(id), by: requester, Self.detail(image, version)), connection)
      return Assignment(version: version, configuration: configuration, repeated: false)
    }
    if !assignment.repeated { outboxSignal.wake() }
    return assignment
  }

  /// The version that comes next: above everything that was assigned, and everything that the device said it ran or
  /// gave up, as either side may have been restored from a backup. What no device can have got to by assignments,
  /// which is what is above `FirmwareReference.highestPlausibleVersion`, does not count.
  static let nextVersion: SQL = """
    1 + greatest(
      highest_version, case when reported_version <= 4503599627370496 then reported_version end,
      case when failed_version <= 4503599627370496 then failed_version end) as next_version
    """

  /// Throws what ``assign(_:to:idempotencyKey:by:)`` would refuse the image for, and changes nothing.
  package func checkAssignment(_ image: PublishedApp, to id: DeviceID, idempotencyKey: String) async throws {
    let key = try FieldRules.idempotencyKey(idempotencyKey)
    try await read { connection in
      let rows = try await connection.query(Self.assignable, [.uuid(id.bytes)])
      guard case .next(let version) = try await Self.admit(image, id, key, rows.first, connection) else { return }
      _ = try await signedConfiguration(image, for: id, version: version, connection)
    }
  }

  /// Reads what decides on an assignment to the device $1.
  private static let assignable: SQL = """
    select d.state,
    """ + confirmedEpoch + ", " + nextVersion + " from registry.devices d where d.id = $1"

  /// The highest security epoch that the device `d` has confirmed. It has burnt that one, and takes no lower one.
  static let confirmedEpoch: SQL = """
    (select coalesce(max(f.security_epoch), 0) from registry.firmware f
      where f.device_id = d.id and f.confirmed_at is not null) as confirmed_epoch
    """

  /// Refuses an image whose security epoch the device takes no more.
  ///
  /// - Parameter row: with the device's `confirmedEpoch`.
  static func requireEpoch(of image: PublishedApp, for id: DeviceID, _ row: PostgresRow) throws {
    let confirmed = UInt32(clamping: try row["confirmed_epoch"].int64)
    guard image.app.securityEpoch >= confirmed else {
      throw RequestFailure.securityEpochTooLow(id, image.app.securityEpoch, confirmed: confirmed)
    }
  }

  private enum Admission {
    /// It repeats an earlier request, which made this version.
    case made(FirmwareVersion)
    /// It is new, and becomes this version.
    case next(UInt64)
  }

  /// Decides whether the image may be assigned, and as which version.
  ///
  /// - Parameter row: what `assignable` found; nil: nothing.
  private static func admit(
    _ image: PublishedApp, _ id: DeviceID, _ key: String, _ row: PostgresRow?, _ connection: some PostgresExecutor
  ) async throws -> Admission {
    guard let row else { throw RequestFailure.unknownDevice(id) }
    if let earlier = try await firmware(id, key: key, connection) {
      guard earlier.image == image else { throw RequestFailure.idempotencyKeyReused(version: earlier.version) }
      return .made(earlier)
    }
    try requireInService(id, row)
    try requireEpoch(of: image, for: id, row)
    return .next(UInt64(try row["next_version"].int64))
  }

  private static func firmware(
    _ id: DeviceID, key: String, _ connection: some PostgresExecutor
  ) async throws -> FirmwareVersion? {
    let statement: SQL =
      "select " + FirmwareRow.columns + " from registry.firmware where device_id = $1 and idempotency_key = $2"
    return try await connection.query(statement, [.uuid(id.bytes), .text(key)]).first.map(FirmwareRow.firmware)
  }

  /// A part of statements in which `assigned` are new versions: it makes each the one that its device should run.
  static let pointing: SQL = """
    pointed as (
      update registry.devices d
      set highest_version = assigned.version, desired_version = assigned.version, desired_digest = assigned.digest,
        divergence = case when d.divergence = 'ahead' then '' else d.divergence end
      from assigned where d.id = assigned.device_id
      returning d.id
    )
    """

  /// Stores a version, makes it the device's desired one, puts its notification into the outbox and makes its event.
  static func insertFirmware(
    _ image: PublishedApp, version: UInt64, of id: DeviceID, key: String, _ configuration: [UInt8],
    origin: DeploymentOrigin, _ connection: some PostgresExecutor
  ) async throws {
    let statement: SQL =
      """
      with assigned as (
        insert into registry.firmware (
          device_id, version, digest, length_bytes, app_name, app_version, security_epoch, host_api_level,
          publisher_key_id, publisher_signature, configuration, idempotency_key, timeline)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14)
        returning device_id, version, digest
      ),
      """ + pointing + """
        , queued as (
          insert into registry.outbox (device_id, version, cause)
          select device_id, version, 'assigned' from assigned
          returning device_id
        )
        insert into registry.events (device_id, kind, detail)
        select pointed.id, 'image-assigned', $13 from pointed join queued on queued.device_id = pointed.id
        """
    try await connection.query(
      statement,
      [
        .uuid(id.bytes), .int8(Int64(version)), .bytea(image.app.wasmDigest.bytes),
        .int8(Int64(image.app.wasmLength)), .text(image.app.name.text), .text(image.app.version.text),
        .int8(Int64(image.app.securityEpoch)), .int8(Int64(image.app.hostAPILevel)),
        .bytea(image.publisher?.keyID.bytes ?? []), .bytea(image.publisher?.signature ?? []),
        .bytea(configuration), .text(key), .jsonb(JSONValue.object(detail(image, version)).text),
        .jsonb(origin.json.text),
      ])
    try await announceOutbox(connection)
  }

  /// What events and the audit log say of an assignment.
  static func detail(_ image: PublishedApp, _ version: UInt64) -> [String: JSONValue] {
    [
      "version": .integer(Int64(clamping: version)), "digest": .string("\(image.app.wasmDigest)"),
      "lengthBytes": .integer(Int64(clamping: image.app.wasmLength)), "appName": .string(image.app.name.text),
      "appVersion": .string(image.app.version.text),
    ]
  }

  /// Refuses what is only for devices in service.
  ///
  /// - Parameter row: with the device's `state`.
  static func requireInService(_ id: DeviceID, _ row: PostgresRow) throws {
    guard try row["state"].text != DeploymentState.decommissioned.rawValue else {
      throw RequestFailure.decommissioned(id)
    }
  }

  /// Wakes the dispatchers of all replicas, once this transaction has committed.
  static func announceOutbox(_ connection: some PostgresExecutor) async throws {
    try await connection.query("select pg_notify($1, '')", [.text(RegistrySchema.outboxChannel)])
  }
}
