import RuntimeBundle
import RuntimeSlots
import ServiceKit
import UpdateCore

/// What `runtime show` prints.
struct RuntimeView: Encodable {
  /// One of the two places.
  struct Place: Encodable {
    var slot: String
    /// "empty", "trial", "confirmed" or "failed".
    var status: String
    /// nil: there is none.
    var version: String?
    /// Whether the agent is started from here.
    var active: Bool
  }

  /// The version of the package's runtime.
  var packaged: String
  /// The version that is started when nothing is on trial.
  var kept: String
  /// No version below this is taken.
  var minimum: String
  /// How often the one on trial may still be started; nil: none is on trial.
  var startsLeft: Int?
  /// Why the last one was given up; nil: none was.
  var failure: String?
  var places: [Place]

  init(_ record: RuntimeRecord, packaged: RuntimeVersion) {
    self.packaged = packaged.description
    let keptVersion = record.keptVersion(packaged: packaged)
    kept = keptVersion.description
    minimum = record.minimumVersion.description
    startsLeft = record.trial == nil ? nil : Int(record.startsLeft)
    failure = record.failure.isEmpty ? nil : "\(record.failedVersion): \(record.failure)"
    places = Slot.allCases.map { slot in
      let place = record[slot]
      let status =
        switch place.state {
        case .empty: "empty"
        case .whole: "trial"
        case .confirmed: "confirmed"
        case .failed: "failed"
        }
      return Place(
        slot: slot.name, status: status, version: place.state == .empty ? nil : place.version.description,
        active: record.active == slot && place.version == keptVersion)
    }
  }

  /// The same for people.
  var text: String {
    var table = Table([("PLACE", .always), ("STATUS", .always), ("VERSION", .always)])
    table.add(["package", packaged == kept ? "active" : "-", packaged])
    for place in places {
      table.add([place.slot, place.active ? "active" : place.status, place.version ?? "-"])
    }
    var text = table.text(columns: TerminalWidth.told())
    if let startsLeft { text += "on trial; \(startsLeft) more starts are left to it\n" }
    if let failure { text += "given up: \(failure)\n" }
    return text
  }
}
