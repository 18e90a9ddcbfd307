import Foundation
package import Foundations
package import Wire

/// The lines of devices' logs, each once, and what is wrong with how they came.
package struct StoredLogs: Sendable {
  private struct Key: Hashable {
    var device: Data
    var log: String
  }

  private var lines: [Key: [WireDeviceLogLine]] = [:]
  private var order: [Key] = []
  /// Lines that devices said they dropped.
  package private(set) var lost: UInt64 = 0
  /// What would be wrong for any Registry.
  package private(set) var faults: [String] = []

  package init() {}

  /// In the order in which they were first heard of.
  package var names: [String] { order.map(\.log) }

  /// Of all logs.
  package var allLines: [WireDeviceLogLine] { order.flatMap { lines[$0] ?? [] } }

  package func lines(of device: DeviceID, log: String) -> [WireDeviceLogLine] {
    lines[Key(device: Data(device.bytes), log: log)] ?? []
  }

  /// - Returns: the ID up to which lines are stored.
  package mutating func store(_ batch: WireDeviceLogBatch) -> UInt64 {
    let key = Key(device: batch.deviceID, log: batch.logID)
    if lines[key] == nil { order.append(key) }
    var stored = lines[key] ?? []
    let (first, through) = (batch.lines.first?.id ?? 0, stored.last?.id ?? 0)
    if first > through + 1 {
      lost += batch.lost
      if batch.lost < first - through - 1 {
        faults.append("lines \(through + 1) to \(first - 1) are missing, and nobody says so")
      }
    }
    for line in batch.lines {
      if line.id > stored.last?.id ?? 0 {
        stored.append(line)
      } else if let known = stored.first(where: { $0.id == line.id }), known != line {
        faults.append("line \(line.id) is told as \(known.text) and as \(line.text)")
      }
    }
    lines[key] = stored
    return stored.last?.id ?? 0
  }
}
