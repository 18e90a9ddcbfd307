import ArgumentParser
import DeviceAdmin
import FoundationEssentials
import Foundations
import Messaging
import ServiceKit
import TextFormats
import Wire

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show what the app and the agent wrote.",
    discussion: "With --json, one JSON object a line.")

  @Flag(name: [.customLong("follow"), .customShort("f")], help: "Go on with new lines as they come.")
  var follows = false

  @Option(name: [.customLong("lines"), .customShort("n")], help: "How many of the newest lines to show.")
  var lines = 50

  @OptionGroup var options: AdminOptions
  @OptionGroup var directory: DirectoryOption

  func validate() throws {
    guard lines >= 0 else { throw ValidationError("--lines must be 0 or more") }
  }

  func run() async throws {
    try await runAdmin {
      let options = try directory.administration(options)
      try await options.withClient(of: DeviceProgram.self) { client in
        let last = try await showNewest(client, options)
        if follows { try await follow(client, after: last, options) }
      }
    }
  }

  /// - Returns: the ID of the last line that there is.
  private func showNewest(_ client: any RPCCaller, _ options: AdminOptions) async throws -> UInt64 {
    var newest = WireReadLog()
    newest.newest = true
    newest.pageSize = 1
    let last = try await client.call(newest, deadline: options.deadline).lastID
    var after = last - min(last, UInt64(lines))
    while after < last {
      var request = WireReadLog()
      request.afterID = after
      request.pageSize = 1000
      let page = try await client.call(request, deadline: options.deadline)
      guard let end = page.lines.last?.id else { break }
      // What was written since is for `follow`.
      try show(page.lines.filter { $0.id <= last })
      after = end
    }
    return last
  }

  private func follow(_ client: any RPCCaller, after last: UInt64, _ options: AdminOptions) async throws {
    var after = last
    while true {
      var request = WireReadLog()
      request.afterID = after
      request.pageSize = 1000
      request.waitMilliseconds = 10_000
      do {
        let page = try await client.call(request, deadline: .seconds(10) + options.deadline)
        try show(page.lines)
        // A lower number than before: the log was lost and starts anew.
        after = page.lines.last?.id ?? min(after, page.lastID)
      } catch let failure as WireFailure where failure.code == .unavailable {
        // The agent may be starting again.
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func show(_ lines: [WireLogLine]) throws {
    for line in lines {
      let view = LogLineView(line)
      StandardOutput.write(try options.json ? view.jsonLine() : view.line)
    }
  }
}

extension LogLineView {
  fileprivate func jsonLine() throws -> String {
    PlainText.escaped(json: String(decoding: try JSONCoding.encoder().encode(self), as: UTF8.self)) + "\n"
  }

  fileprivate var line: String {
    let origin = source == "agent" ? "agent" : "v\(firmwareVersion) \(source)"
    let marker = level == "info" ? "" : " \(level):"
    return "\(JSONCoding.text(of: at)) \(origin)\(marker) \(PlainText.escaped(text.onOneLine))\n"
  }
}
