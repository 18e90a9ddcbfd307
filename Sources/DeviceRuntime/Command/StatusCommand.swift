import ArgumentParser
import DeviceAdmin
import FoundationEssentials
import Foundations
import Messaging
import ServiceKit
import TextFormats
import Wire

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what the device runs and how it is.",
    discussion: "Ends with 0 if the agent answers, with 69 if it can't be reached.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    try await runAdmin {
      let options = try directory.administration(options)
      let status = try await options.withClient(of: DeviceProgram.self) { client in
        DeviceStatusView(try await client.call(WireGetDeviceStatus(), deadline: options.deadline))
      }
      if options.json { try printJSON(status) } else { StandardOutput.write(status.text) }
    }
  }
}

extension DeviceStatusView {
  fileprivate var text: String {
    var lines = [
      ("device", "\(name)  \(id)"),
      ("agent", "\(agentVersion), started \(HumanText.ago(startedAt))"),
      ("broker", connected ? "connected" : "not connected"),
      ("update", download.map { "\(phase), \($0.text)" } ?? phase),
    ]
    if let running {
      let app = [running.appName, running.appVersion].filter { !$0.isEmpty }.joined(separator: " ")
      lines.append(("running", "version \(running.version), \(running.status), slot \(running.slot)"))
      if !app.isEmpty { lines.append(("app", app)) }
      lines.append(("digest", running.digest))
      lines.append(
        (
          "process",
          running.pid.map { pid in "\(pid), started \(running.startedAt.map { HumanText.ago($0) } ?? "")" } ?? "none"
        ))
    } else {
      lines.append(("running", "nothing yet"))
    }
    if let end = certificateEndsAt {
      lines.append(("ends", "its certificate, \(HumanText.ago(end)) (\(JSONCoding.text(of: end)))"))
    }
    if let free = diskFreeBytes, let size = diskSizeBytes {
      lines.append(
        ("disk", "\(HumanText.bytes(Int(clamping: free))) of \(HumanText.bytes(Int(clamping: size))) free"))
    }
    if !detail.isEmpty { lines.append(("note", detail)) }
    for hindrance in waiting {
      lines.append(("waiting", "\(hindrance.reason); since \(HumanText.ago(hindrance.since))"))
    }
    var table = Table.fields(isTitled: false)
    for (name, value) in lines { table.add([name, value]) }
    return table.text(columns: TerminalWidth.told())
  }
}

extension DeviceStatusView.Download {
  fileprivate var text: String {
    "\(HumanText.bytes(Int(clamping: bytesDone))) of \(HumanText.bytes(Int(clamping: bytesTotal)))"
  }
}
