import ArgumentParser
import DeviceAdmin
import Foundations
import Messaging
import ServiceKit
import TextFormats
import Wire

struct WaitingCrashesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crashes", abstract: "Show the crash reports that wait to be sent.",
    discussion: """
      A report waits until the server has stored it; xtblish-registry crashes shows those. With --json, all that is \
      in them.
      """)

  @OptionGroup var options: AdminOptions
  @OptionGroup var directory: DirectoryOption

  func run() async throws {
    try await runAdmin {
      let options = try directory.administration(options)
      let crashes = try await options.withClient(of: DeviceProgram.self) { client in
        try await client.call(WireListWaitingCrashes(), deadline: options.deadline).reports.map { CrashView($0) }
      }
      if options.json {
        try printJSON(crashes)
      } else if crashes.isEmpty {
        print("No crash report waits to be sent.")
      } else {
        var table = Table(
          [
            ("AT", .always), ("VERSION", .spare(1)), ("APP", .cut), ("CODE", .cut), ("WHERE", .cut),
            ("MESSAGE", .spare(2)),
          ], rightAligned: [1])
        for crash in crashes { table.add(crash.cells) }
        StandardOutput.write(table.text(columns: TerminalWidth.told()))
      }
    }
  }
}

extension CrashView {
  fileprivate var cells: [String] {
    let app = [appName, appVersion].filter { !$0.isEmpty }.joined(separator: " ")
    return [
      JSONCoding.text(of: at), String(version), app.isEmpty ? "-" : app.onOneLine, code,
      String(location.prefix(60)).onOneLine,
      String(message.prefix(100)).onOneLine,
    ]
  }
}
