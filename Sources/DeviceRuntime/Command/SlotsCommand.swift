import ArgumentParser
import DeviceAdmin
import Foundations
import Messaging
import ServiceKit
import TextFormats
import Wire

struct SlotsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slots", abstract: "Show what the device's two slots hold.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    try await runAdmin {
      let options = try directory.administration(options)
      let slots = try await options.withClient(of: DeviceProgram.self) { client in
        try await client.call(WireListSlots(), deadline: options.deadline).slots.map { SlotView($0) }
      }
      if options.json {
        try printJSON(slots)
      } else {
        var table = Table(
          [
            ("SLOT", .always), ("STATUS", .always), ("VERSION", .always), ("APP", .cut), ("SIZE", .always),
            ("DIGEST", .spare(1)),
          ], rightAligned: [2, 4])
        for slot in slots { table.add(slot.cells) }
        StandardOutput.write(table.text(columns: TerminalWidth.told()))
      }
    }
  }
}

extension SlotView {
  fileprivate var cells: [String] {
    guard version > 0 else { return [name, status, "-", "-", "-", "-"] }
    return [
      active ? "\(name) (active)" : name, status, String(version),
      [appName, appVersion].filter { !$0.isEmpty }.joined(separator: " "), HumanText.bytes(Int(clamping: sizeBytes)),
      String(digest.prefix(19)),
    ]
  }
}
