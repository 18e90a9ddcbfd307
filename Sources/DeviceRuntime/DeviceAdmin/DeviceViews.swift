package import FoundationEssentials
import Foundations
import SwiftProtobuf
package import Wire

/// One of the two slots as `xtblish-device slots --json` prints it.
///
/// `name` is "A" or "B"; `active` marks the slot whose app is kept. `status` is "empty", "staged", "trial",
/// "confirmed" or "failed". In an empty slot `version` and `sizeBytes` (of the whole image) are 0, and `digest` (of
/// the wasm, hexadecimal), `appName` and `appVersion` are empty.
package struct SlotView: Encodable, Sendable {
  package var name: String
  package var active: Bool
  package var status: String
  package var version: UInt64
  package var digest: String
  package var sizeBytes: UInt64
  package var appName: String
  package var appVersion: String

  package init(_ slot: WireSlot) {
    name = slot.name
    active = slot.active
    status = slot.status
    version = slot.version
    digest = SHA256Digest(bytes: slot.digest)?.description ?? ""
    sizeBytes = slot.sizeBytes
    appName = slot.appName
    appVersion = slot.appVersion
  }
}

/// A line of the device's log as `xtblish-device logs --json` prints it.
///
/// `id` grows by one with every line, `at` is the time of day, `monotonicNanoseconds` the time since boot. `level` is
/// the name of a `LogLevel`, `source` that of a `LogSource` ("app", "stdout", "stderr" or "agent"). `firmwareVersion`
/// is the version of the app's image, 0 for lines of no app, and `text` the line without its line break.
package struct LogLineView: Encodable, Sendable {
  package var id: UInt64
  package var at: Date
  package var monotonicNanoseconds: UInt64
  package var level: String
  package var source: String
  package var firmwareVersion: UInt64
  package var text: String

  package init(_ line: WireLogLine) {
    id = line.id
    at = line.at.date
    monotonicNanoseconds = line.monotonicNanoseconds
    level = line.level
    source = line.source
    firmwareVersion = line.firmwareVersion
    text = line.text
  }
}

/// A pin of the board as `xtblish-device pin --json` prints it: its `name`, its `level` (0 or 1) and its `source`
/// ("simulated", or the chip and line).
package struct PinView: Encodable, Sendable {
  package var name: String
  /// "input" or "output".
  package var direction: String
  package var level: Int32
  /// How often the level changed since the agent began.
  package var changes: UInt64
  package var source: String

  package init(_ pin: WirePins.Pin) {
    name = pin.name
    direction = pin.isOutput ? "output" : "input"
    level = pin.level
    changes = pin.changes
    source = pin.source
  }
}

/// A sensor of the board as `xtblish-device sensor --json` prints it: its `name`, what it reads now, and its `source`
/// in words for people.
package struct SensorView: Encodable, Sendable {
  package var name: String
  /// What each channel reads now, in the channel's unit.
  package var values: [Double]
  package var source: String

  package init(_ sensor: WireSensors.Sensor) {
    name = sensor.name
    values = sensor.microUnits.map { Double($0) / 1e6 }
    source = sensor.source
  }
}
