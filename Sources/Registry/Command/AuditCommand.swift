import ArgumentParser
import Foundation
import Messaging
import RegistryClient
import ServiceKit
import TextFormats

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Show who did what to what, from where, and what was refused; newest first.",
    discussion: """
      With --follow oldest first, as it happens, until interrupted: --limit says how many to begin with. With --json too, \
      each entry is a line.
      """)

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only what this one did, such as token:ci or operator:laptop.", valueName: "principal"))
  var principal = ""
  @Option(help: ArgumentHelp("Only this action, such as assign-image.", valueName: "action")) var action = ""
  @Option(help: ArgumentHelp("Only what was done to this, such as device:NAME or token:NAME.", valueName: "target"))
  var target = ""
  @Option(
    help: ArgumentHelp("Only entries since then: 2026-11-22T14:06:00Z, or 2h for two hours ago.", valueName: "time"))
  var since: String?
  @Option(help: ArgumentHelp("Only entries before then, written in the same way.", valueName: "time")) var until:
    String?
  @OptionGroup var list: ListOptions
  @Flag(help: "Go on with entries as they are made.") var follow = false

  /// How many entries are shown before those that follow, with --follow and no --limit.
  private static let shownFirst = 50
  private static let ageType = SettingType.duration(.zero...(.seconds(36_500 * 86_400)))

  func validate() throws {
    guard !follow || list.limit ?? 0 <= 500 else {
      throw ValidationError("--limit must be from 0 to 500 with --follow")
    }
    guard !follow || until == nil else { throw ValidationError("--until and --follow exclude each other") }
    for (name, text) in [("--since", since), ("--until", until)] where text != nil && Self.time(text) == nil {
      throw ValidationError("\(name) must be a time such as 2026-11-22T14:06:00Z, or how long ago, such as 30m or 7d")
    }
  }

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        let query = AuditQuery(
          principal: principal, action: action, target: try await Self.target(target, client, options.deadline),
          since: Self.time(since), until: Self.time(until))
        if follow {
          var follower = AuditFollower(client: client, query: query, deadline: options.deadline)
          show(try await follower.start(count: list.limit ?? Self.shownFirst))
          while true {
            try await Task.sleep(for: .milliseconds(500))
            show(try await follower.next())
          }
        }
        let (entries, hasMore) = try await RegistryAdministration(client, deadline: options.deadline).audit(
          query, limit: list.most(json: options.json))
        if options.json {
          try printJSON(entries)
        } else {
          StandardOutput.write(AuditDocument.table(entries, columns: list.table.columns))
        }
        list.tell(hasMore: hasMore)
      }
    }
  }

  private func show(_ entries: [AuditDocument]) {
    for entry in entries {
      StandardOutput.write(
        (options.json ? PlainText.escaped(json: entry.jsonLine) : PlainText.escaped(entry.line)) + "\n")
    }
  }

  /// The target as the audit log has it. A device may be named as everywhere; one that is gone from the Registry, by
  /// its whole ID.
  private static func target(_ text: String, _ client: any RPCCaller, _ deadline: Duration) async throws -> String {
    let kind = "device:"
    guard text.hasPrefix(kind) else { return text }
    let device = DeviceReference(String(text.dropFirst(kind.count)))
    return kind + DeviceReference.uuid(try await device.resolve(client, deadline: deadline))
  }

  private static func time(_ text: String?) -> Date? {
    guard let text else { return nil }
    if let age = try? ageType.parse(text) { return Date(timeIntervalSinceNow: -(age / .seconds(1))) }
    return JSONCoding.date(text)
  }
}
