import FoundationEssentials
import ServiceKit

// Tables for people.

extension DeviceDocument {
  package static func table(_ devices: [DeviceDocument]) -> String {
    var table = Table(["ID", "NAME", "STATE", "ONLINE", "DESIRED", "RUNS", "LAST SEEN", "TAGS"], rightAligned: [4, 5])
    for device in devices {
      table.add([
        device.id, device.name, device.state, device.online ? "yes" : "no", version(device.desired?.version),
        version(device.reported?.version), ago(device.lastSeen), device.tags.joined(separator: ", "),
      ])
    }
    return table.text
  }

  /// Everything of one device, a line each.
  package var details: String {
    var table = Table(["FIELD", "VALUE"])
    table.add(["id", id])
    table.add(["name", name])
    table.add(["tags", tags.joined(separator: ", ")])
    table.add(["serial", serial])
    table.add(["revision", "\(revision)"])
    table.add(["created", createdAt])
    table.add(["state", state])
    if let divergence { table.add(["does not fit", Self.explanation(of: divergence)]) }
    table.add(["online", online ? "yes" : "no"])
    table.add(["last seen", lastSeen ?? "never"])
    if let clonedAt {
      table.add([
        "warning",
        "two machines use this identity, last seen at \(clonedAt): find them, decommission this device, enrol each anew",
      ])
    }
    table.add(["desired", desired.map { "version \($0.version) \($0.digest)" } ?? "nothing assigned"])
    if let reported {
      table.add(["runs", reported.version == 0 ? "nothing" : "version \(reported.version) \(reported.digest)"])
      table.add(["slot", reported.slot])
      table.add(["status", reported.status])
      table.add(["reason", reported.reason])
      table.add(["since", reported.at])
      if let gap = reported.switchGapNanoseconds { table.add(["switch gap", gapText(gap)]) }
      if let failed = reported.failed {
        table.add(["failed", "version \(failed.version) \(failed.digest)"])
        table.add(["failed because", reported.failedReason ?? ""])
      }
    } else {
      table.add(["runs", "not reported yet"])
    }
    return table.text
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

extension FirmwareDocument {
  package static func table(_ firmware: [FirmwareDocument]) -> String {
    var table = Table(
      [
        "VERSION", "STATUS", "APP", "APP VERSION", "SIZE", "ASSIGNED", "NOTIFIED", "TRIAL", "CONFIRMED", "FAILED",
        "REASON", "DIGEST",
      ], rightAligned: [0, 4])
    for version in firmware {
      table.add([
        "\(version.version)", version.status, version.appName, version.appVersion,
        HumanText.bytes(Int(clamping: version.lengthBytes)), version.createdAt, version.notifiedAt ?? "-",
        version.trialAt ?? "-", version.confirmedAt ?? "-", version.failedAt ?? "-", version.failedReason ?? "-",
        version.digest,
      ])
    }
    return table.text
  }

  package var details: String {
    var table = Table(["FIELD", "VALUE"])
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
    table.add(["notified", notifiedAt ?? "not yet"])
    table.add(["on trial", trialAt ?? "not yet"])
    table.add(["confirmed", confirmedAt ?? "not yet"])
    if let failedAt {
      table.add([failedStatus ?? "failed", failedAt])
      table.add(["reason", failedReason ?? ""])
    }
    if let switchGapNanoseconds { table.add(["switch gap", gapText(switchGapNanoseconds)]) }
    return table.text
  }
}

extension EventDocument {
  package static func table(_ events: [EventDocument]) -> String {
    var table = Table(["ID", "TIME", "DEVICE", "EVENT", "DETAIL"], rightAligned: [0])
    for event in events { table.add(["\(event.id)", event.at, event.device, event.kind, event.detail.text]) }
    return table.text
  }

  /// For a stream of events, which has no widths to align to. JSON leaves no control characters in it.
  package var line: String { "\(at)  \(device)  \(kind)  \(detail.text)" }

  /// For programs that read a line at a time.
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

func ago(_ text: String?) -> String {
  text.flatMap(JSONCoding.date).map { HumanText.ago($0) } ?? "never"
}
