import DeviceProtocol
import Foundations
import PostgreSQL
import RegistryDomain
import TextFormats

extension ReportWrites {
  /// An event, perhaps on a condition.
  private struct Event {
    let device: DeviceID
    let kind: RegistryEvent.Kind
    let detail: [String: JSONValue]
    /// If set, the event is made only if the device was never given this.
    var unlessGiven: FirmwareReference?
  }

  /// Makes the events, as the last of a transaction's statements; nil if there is nothing to tell.
  static func telling(of devices: [Touched]) -> PostgresStatement? {
    let events = devices.flatMap { (id, entry) in entry.changes.flatMap { change in Self.events(of: id, change) } }
    guard !events.isEmpty else { return nil }
    return PostgresStatement(
      """
      select registry.append_events(
        array_agg(u.device_id order by u.place), array_agg(u.kind order by u.place),
        array_agg(u.detail order by u.place))
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int8[], $5::bytea[])
        with ordinality as u (device_id, kind, detail, version, digest, place)
      where u.version = 0 or not exists (
        select 1 from registry.firmware f
        where f.device_id = u.device_id and f.version = u.version and f.digest = u.digest)
      """,
      [
        .uuidArray(events.map(\.device.bytes)), .textArray(events.map(\.kind.rawValue)),
        .textArray(events.map { JSONValue.object($0.detail).text }),
        .int8Array(events.map { Int64($0.unlessGiven?.version ?? 0) }),
        .byteaArray(events.map { $0.unlessGiven?.digest.bytes ?? [] }),
      ])
  }

  private static func events(of id: DeviceID, _ change: ReportBatch.Change) -> [Event] {
    switch change.kind {
    case .cameOnline: return [Event(device: id, kind: .deviceOnline, detail: [:])]
    case .waitsForOther: return []
    case .wentOffline: return [Event(device: id, kind: .deviceOffline, detail: [:])]
    case .stateReported:
      guard let state = change.state else { return [] }
      var events = [Event(device: id, kind: .stateReported, detail: state.eventDetail)]
      if let running = state.running { events.append(unknown(running, to: id, "running")) }
      if let failed = state.failed, state.status.isFailure { events.append(unknown(failed, to: id, "failed")) }
      return events
    }
  }

  private static func unknown(_ reference: FirmwareReference, to id: DeviceID, _ role: String) -> Event {
    Event(
      device: id, kind: .unknownVersion,
      detail: [
        "version": .integer(Int64(clamping: reference.version)), "digest": .string("\(reference.digest)"),
        "role": .string(role),
      ],
      unlessGiven: reference)
  }
}

extension ReportedState {
  fileprivate var eventDetail: [String: JSONValue] {
    var detail: [String: JSONValue] = [
      "version": .integer(Int64(clamping: running?.version ?? 0)),
      "digest": .string(running.map { "\($0.digest)" } ?? ""),
      "slot": .string(slot), "status": .string(status.rawValue), "reason": .string(reason),
    ]
    if let failed { detail["failed"] = failed.json }
    if switchGapNanoseconds > 0 {
      detail["switchGapNanoseconds"] = .integer(Int64(clamping: switchGapNanoseconds))
    }
    return detail
  }
}
