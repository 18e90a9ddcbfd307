import AppSupervision
import DeviceCredentials
import DeviceImages
import DeviceProtocol
import DeviceStorage
import FirmwareImage
import Foundations
import Messaging
import Mosquitto
import ServiceKit
import SwiftProtobuf
import UpdateCore
import Wire

/// What the agent answers to its admin commands.
struct AgentRPC: Sendable {
  /// A longer wait is cut to this; whoever follows asks again.
  private static let longestWait = Duration.seconds(20)

  let agent: DeviceAgent

  func register(on router: inout RPCRouter) {
    registerHardware(on: &router)
    let agent = agent
    router.handle(WireGetDeviceStatus.self) { _, _ in
      var status = await agent.status()
      if let file = agent.security.mqtt?.certificateFile, let end = await agent.storage.certificateEnd(file: file) {
        status.certificateEndsAt = .init(date: end)
      }
      if let space = await agent.storage.space() {
        status.diskFreeBytes = space.freeBytes
        status.diskSizeBytes = space.sizeBytes
      }
      return status
    }
    router.handle(WireListSlots.self) { _, _ in await agent.slots() }
    router.handle(WireReadLog.self) { request, context in
      // The answer must still reach whoever waits for it.
      let left = context.deadline - .now - .milliseconds(250)
      let wait = min(.milliseconds(Int(request.waitMilliseconds)), Self.longestWait, max(.zero, left))
      let count = request.pageSize == 0 ? 200 : Int(request.pageSize)
      let page = await agent.log.read(after: request.afterID, count: count, newest: request.newest, wait: wait)
      var response = WireReadLogResponse()
      response.lines = page.lines.map { WireLogLine($0) }
      response.lastID = page.lastID
      return response
    }
    router.handle(WireListWaitingCrashes.self) { _, _ in
      let waiting = await agent.crashes.waiting
      return WireWaitingCrashes.with { $0.reports = waiting.map { WireCrashReport($0) } }
    }
  }
}

extension DeviceAgent {
  func status() -> WireDeviceStatus {
    var status = WireDeviceStatus()
    status.deviceID = .init(identity.device.bytes)
    status.name = identity.name
    status.version = XtblishVersion.current
    status.connected = mqtt.isConnected
    status.phase = machine.phase.name
    let report = machine.report
    status.detail = report.failed.map { "version \($0.version) is \(report.status.rawValue): \($0.reason)" } ?? ""
    if let slot = report.slot { status.running = running(report, slot) }
    status.startedAt = .init(startedAt)
    status.waiting = hindrances.all.map { hindrance in
      WireWaiting.with {
        $0.version = hindrance.version
        $0.reason = hindrance.reason
        $0.since = .init(hindrance.since)
      }
    }
    if let figures = download?.figures, case .downloading = machine.phase {
      status.downloadBytesDone = figures.bytesDone
      status.downloadBytesTotal = figures.bytesTotal
    }
    return status
  }

  private func running(_ report: DeviceReport, _ slot: Slot) -> WireRunningApp {
    var running = WireRunningApp()
    running.version = report.version
    running.digest = .init(report.digest?.bytes ?? [])
    running.slot = slot.name
    running.status = (report.status == .trial ? RunStatus.trial : .confirmed).rawValue
    if let live = apps[slot] {
      running.appName = live.image.configuration.manifest?.app.name.text ?? ""
      running.appVersion = live.image.configuration.manifest?.app.version.text ?? ""
      running.pid = live.app.processIdentifier
      running.startedAt = .init(live.startedAt)
    }
    return running
  }

  func slots() async -> WireListSlotsResponse {
    var response = WireListSlotsResponse()
    let (machine, storage) = (machine, storage)
    for slot in Slot.allCases {
      var entry = WireSlot()
      let record = machine.record[slot]
      entry.name = slot.name
      entry.active = machine.record.active == slot
      entry.status = machine.phase == .trial(slot) ? RunStatus.trial.rawValue : record.state.name
      if record.state != .empty {
        entry.version = record.version
        entry.digest = .init(record.digest?.bytes ?? [])
        entry.sizeBytes = record.sizeBytes
        if let app = await storage.manifest(of: slot)?.app {
          entry.appName = app.name.text
          entry.appVersion = app.version.text
        }
      }
      response.slots.append(entry)
    }
    return response
  }
}

extension SlotRecord.State {
  fileprivate var name: String {
    switch self {
    case .empty: "empty"
    case .staged: "staged"
    case .confirmed: "confirmed"
    case .failed: "failed"
    }
  }
}

extension WireLogLine {
  fileprivate init(_ line: DeviceLogLine) {
    self.init()
    id = line.id
    at = .init(WallClock(nanoseconds: line.realtimeNanoseconds))
    monotonicNanoseconds = line.monotonicNanoseconds
    level = line.level
    source = line.source
    firmwareVersion = line.firmwareVersion
    text = line.text
  }
}

extension Google_Protobuf_Timestamp {
  fileprivate init(_ time: WallClock) {
    self.init(
      seconds: Int64(clamping: time.nanoseconds / 1_000_000_000), nanos: Int32(time.nanoseconds % 1_000_000_000))
  }
}
