import DequeModule
import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// Reports on their way to the Registry: for each device its newest state and its newest presence.
///
/// It lives in memory alone. A report that dies with the process is not lost: its device was not told that it is
/// stored, and repeats it.
struct ReportBuffer: IntakeBuffer {
  private struct Entry: Sendable {
    var state: StatePayload?
    var isOnline: Bool?
  }

  private let maximumDevices: Int
  private var entries: [DeviceID: Entry] = [:]
  /// Devices in the order in which they reported; a device once.
  private var order: Deque<DeviceID> = []

  /// Reports that a newer one of the same device replaced.
  private(set) var superseded = 0
  /// Reports that were refused because too many devices have one waiting.
  private(set) var dropped = 0

  init(maximumDevices: Int) {
    self.maximumDevices = maximumDevices
  }

  var isEmpty: Bool { entries.isEmpty }
  /// Devices with a report waiting.
  var count: Int { entries.count }
  var fill: Int { entries.count }

  /// Takes a state, unless a newer one of the device waits.
  mutating func add(_ state: StatePayload, of device: DeviceID) {
    update(device) { entry, superseded in
      if let old = entry.state {
        superseded += 1
        // Of another epoch the one that came last counts; which of them is late the Registry knows.
        if old.position.epoch == state.position.epoch, old.sequence >= state.sequence { return }
      }
      entry.state = state
    }
  }

  /// Takes a presence, in place of one that waits.
  mutating func add(isOnline: Bool, of device: DeviceID) {
    update(device) { entry, superseded in
      if entry.isOnline != nil { superseded += 1 }
      entry.isOnline = isOnline
    }
  }

  /// Takes reports out, oldest devices first.
  mutating func take(within bounds: BatchBounds) -> [WireDeviceReport] { take(bounds.items) }

  /// Takes up to `limit` reports out, oldest devices first.
  mutating func take(_ limit: Int) -> [WireDeviceReport] {
    var reports: [WireDeviceReport] = []
    while let device = order.first, reports.count < limit {
      guard let entry = entries[device] else {
        order.removeFirst()
        continue
      }
      // Presence first: a state is told while the device is there.
      if let isOnline = entry.isOnline {
        reports.append(
          WireDeviceReport.with {
            $0.deviceID = Data(device.bytes)
            $0.online = isOnline
          })
        entries[device]?.isOnline = nil
        if reports.count == limit, entry.state != nil { break }
      }
      if let state = entry.state {
        reports.append(
          WireDeviceReport.with {
            $0.deviceID = Data(device.bytes)
            $0.sequence = state.sequence
            $0.epoch = state.position.epoch
            if let supersedes = state.supersedes { $0.supersedes = supersedes }
            $0.state = state.state
            $0.run = state.run
            if let trace = state.trace {
              $0.traceParent = trace.description
              $0.requestID = trace.requestID
            }
          })
      }
      entries[device] = nil
      order.removeFirst()
    }
    return reports
  }

  private mutating func update(_ device: DeviceID, _ change: (inout Entry, inout Int) -> Void) {
    if entries[device] == nil {
      guard entries.count < maximumDevices else {
        dropped += 1
        return
      }
      entries[device] = Entry()
      order.append(device)
    }
    if var entry = entries[device] {
      change(&entry, &superseded)
      entries[device] = entry
    }
  }
}
