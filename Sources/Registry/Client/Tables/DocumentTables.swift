import FoundationEssentials
import RegistryDomain
import ServiceKit
import TextFormats

// Tables for people.

extension DeviceDocument {
  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ devices: [DeviceDocument], columns: Int? = nil) -> String {
    var table = Table(
      [
        ("NAME", .cut), ("ID", columns == nil ? .always : .spare(1)), ("APP", .cut), ("VERSION", .cut),
        ("STATE", .always), ("HEALTH", .always), ("ONLINE", .spare(2)), ("SEEN", .always), ("RUNS", .spare(3)),
        ("DESIRED", .spare(4)),
        ("TAGS", .spare(5)), ("SERIAL", .spare(6)),
      ], rightAligned: [8, 9])
    for device in devices {
      table.add([
        device.name, columns == nil ? device.id : shortID(device.id), dashed(device.app?.name),
        dashed(device.app?.version), device.state, device.health, device.online ? "yes" : "no", ago(device.lastSeen),
        version(device.reported?.version), version(device.desired?.version),
        dashed(device.tags.joined(separator: ", ")),
        dashed(device.serial),
      ])
    }
    return table.text(columns: columns)
  }

  /// What the device is called in a stream of lines: its name, or the beginning of its ID.
  package var label: String { name.isEmpty ? shortID(id) : name }

  /// Everything of one device, by fields.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func details(columns: Int? = nil) -> String {
    var table = Table.fields()
    table.add(["id", id])
    table.add(["name", name])
    table.add(["tags", dashed(tags.joined(separator: ", "))])
    table.add(["serial", serial])
    table.add(["revision", "\(revision)"])
    table.add(["created", createdAt])
    table.add(["state", state])
    if let divergence { table.add(["does not fit", Self.explanation(of: divergence)]) }
    table.add(["health", healthReason.map { "\(health): \($0)" } ?? health])
    table.add(["online", online ? "yes" : "no"])
    table.add(["last seen", lastSeen ?? "never"])
    if let clonedAt {
      table.add([
        "warning",
        "two machines use this identity, last seen at \(clonedAt): find them, decommission this device, enrol each anew",
      ])
    }
    if let app { table.add(["app", "\(app.name) \(app.version)"]) }
    if let waiting { table.add(["waiting", waiting.line]) }
    table.add(["desired", desired.map { "version \($0.version) \($0.digest)" } ?? "nothing assigned"])
    if let reported {
      table.add(["runs", reported.version == 0 ? "nothing" : "version \(reported.version) \(reported.digest)"])
      table.add(["slot", dashed(reported.slot)])
      table.add(["status", reported.status])
      if !reported.reason.isEmpty { table.add(["reason", reported.reason]) }
      table.add(["since", reported.at])
      if let gap = reported.switchGapNanoseconds { table.add(["switch gap", gapText(gap)]) }
      if let failed = reported.failed {
        table.add(["failed", "version \(failed.version) \(failed.digest)"])
        table.add(["failed because", reported.failedReason ?? ""])
      }
    } else {
      table.add(["runs", "not reported yet"])
    }
    return table.text(columns: columns)
  }
}

extension DeviceDocument {
  private static func explanation(of divergence: String) -> String {
    switch Divergence(rawValue: divergence) {
    case .unknownVersion:
      "it says that it runs what this registry never gave it; was the registry's database restored? "
        + "`firmware retry` gives it the desired image as a new version"
    case .ahead:
      "it takes no notice of the desired version, as it had a higher one; "
        + "`firmware retry` gives it the desired image as a new version"
    case nil: divergence
    }
  }
}

extension DeviceDocument.Waiting {
  var line: String { since.map { "\(reason) (since \($0))" } ?? reason }
}

extension FirmwareDocument {
  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ firmware: [FirmwareDocument], columns: Int? = nil) -> String {
    var table = Table(
      [
        ("VERSION", .always), ("STATUS", .always), ("APP", .cut), ("APP VERSION", .cut), ("ASSIGNED", .always),
        ("SIZE", .spare(1)), ("REASON", .cut), ("DIGEST", columns == nil ? .always : .spare(2)),
        ("NOTIFIED", .spare(3)), ("TRIAL", .spare(4)), ("CONFIRMED", .spare(5)), ("FAILED", .spare(6)),
      ], rightAligned: [0, 5])
    let time = { (text: String?) in columns == nil ? text ?? "-" : text.map { ago($0) } ?? "-" }
    for version in firmware {
      table.add([
        "\(version.version)", version.status, dashed(version.appName), dashed(version.appVersion),
        time(version.createdAt),
        HumanText.bytes(Int(clamping: version.lengthBytes)), version.failedReason ?? "-",
        columns == nil ? version.digest : shortDigest(version.digest), time(version.notifiedAt),
        time(version.trialAt), time(version.confirmedAt), time(version.failedAt),
      ])
    }
    return table.text(columns: columns)
  }

  /// Everything of one version, by fields.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func details(columns: Int? = nil) -> String {
    var table = Table.fields()
    table.add(["device", device])
    table.add(["version", "\(version)"])
    table.add(["digest", digest])
    table.add(["size", "\(lengthBytes) bytes of wasm"])
    table.add(["app", "\(appName) \(appVersion)"])
    table.add(["security epoch", "\(securityEpoch)"])
    table.add(["host API level", "\(hostApiLevel)"])
    table.add(["publisher", publisherKey ?? "unsigned"])
    table.add(["created", createdAt])
    table.add(["status", status])
    if !isNotifiedLate { table.add(["notified", notifiedAt ?? "not yet"]) }
    table.add(["on trial", trialAt ?? "not yet"])
    table.add(["confirmed", confirmedAt ?? "not yet"])
    if let failedAt {
      table.add([failedStatus ?? "failed", failedAt])
      table.add(["reason", failedReason ?? ""])
    }
    if let notifiedAt, isNotifiedLate { table.add(["last notified", notifiedAt]) }
    if let switchGapNanoseconds { table.add(["switch gap", gapText(switchGapNanoseconds)]) }
    return table.text(columns: columns)
  }

  /// Whether the last notification came after what the device said of the version, as one does that is repeated. It is
  /// no stage of the version then.
  private var isNotifiedLate: Bool {
    guard let notifiedAt else { return false }
    // Times of one form, of which the later one is the greater text.
    return [trialAt, confirmedAt, failedAt].compactMap { $0 }.contains { $0 < notifiedAt }
  }
}

extension EventDocument {
  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ events: [EventDocument], columns: Int? = nil) -> String {
    var table = Table(
      [("ID", .always), ("TIME", .always), ("DEVICE", .always), ("EVENT", .always), ("DETAIL", .cut)],
      rightAligned: [0])
    for event in events {
      table.add([
        "\(event.id)", columns == nil ? event.at : shortTime(event.at),
        columns == nil ? event.device : shortID(event.device), event.kind,
        columns == nil ? event.detail.text : dashed(event.summary),
      ])
    }
    return table.text(columns: columns)
  }

  /// The detail for whoever has no room for all of it: what tells most comes first, digests are short and come last,
  /// and what is empty or nested is left out.
  private var summary: String {
    guard case .object(let members) = detail else { return detail.text }
    let first = ["version", "status", "reason"]
    let names = first + members.keys.filter { !first.contains($0) && $0 != "digest" }.sorted() + ["digest"]
    return names.compactMap { name in
      switch members[name] {
      case .string(let text): text.isEmpty ? nil : "\(name) \(name == "digest" ? shortDigest(text) : text)"
      case .integer, .number, .bool: members[name].map { "\(name) \($0.text)" }
      case .null, .array, .object, nil: nil
      }
    }.joined(separator: ", ")
  }
  /// The event in one line, for a stream of events, which has no widths to align to. JSON leaves no control
  /// characters in it.
  package var line: String { "\(at)  \(device)  \(kind)  \(detail.text)" }

  /// The event as JSON in one line, for programs.
  package var jsonLine: String {
    JSONValue.object([
      "id": .integer(Int64(clamping: id)), "device": .string(device), "kind": .string(kind), "at": .string(at),
      "detail": detail,
    ]).text
  }
}

private func gapText(_ nanoseconds: UInt64) -> String {
  HumanText.duration(.nanoseconds(Int64(clamping: nanoseconds)))
}

private func version(_ version: UInt64?) -> String {
  version.map { $0 == 0 ? "-" : "\($0)" } ?? "-"
}

/// The beginning of an ID, which names a device wherever one is asked for, as long as no other begins so.
func shortID(_ id: String) -> String { String(id.prefix(8)) }

/// The text, or a dash, so that what is not there is seen to be not there.
private func dashed(_ text: String?) -> String { text.map { $0.isEmpty ? "-" : $0 } ?? "-" }

/// The beginning of a digest, without the algorithm, as far as people compare.
func shortDigest(_ digest: String) -> String { String(digest.drop { $0 != ":" }.dropFirst().prefix(12)) }

/// A time to the second: `2026-11-22 14:06:00`, in UTC.
func shortTime(_ text: String) -> String { text.prefix(19).split(separator: "T").joined(separator: " ") }

/// How long ago a time in ISO 8601 was, in words; `never` for nil.
func ago(_ text: String?) -> String {
  text.flatMap(JSONCoding.date).map { HumanText.ago($0) } ?? "never"
}
