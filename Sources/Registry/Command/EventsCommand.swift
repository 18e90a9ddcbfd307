import ArgumentParser
import RegistryCore
import ServiceKit

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show what happened.",
    subcommands: [ListEventsCommand.self, FollowEventsCommand.self])
}

struct ListEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List events, newest first.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only events of this device.", valueName: "uuid")) var device: String?
  @Option(help: "How many at most; 0 for all.") var limit = 50

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit must be a whole number from 0") }
  }

  func run() async throws {
    try await runAdmin {
      let (events, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).events(
          of: device, limit: limit == 0 ? nil : limit)
      }
      if options.json { try printJSON(events) } else { print(EventDocument.table(events), terminator: "") }
      if hasMore, !options.json { StandardError.write("There are more: use --limit 0 for all.\n") }
    }
  }
}

struct FollowEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Show events as they happen, until interrupted.",
    discussion: "With --json each event is a line.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only events of this device.", valueName: "uuid")) var device: String?
  @Option(help: "How many of the last events to show first.") var last: UInt32 = 10

  func validate() throws {
    guard last <= 500 else { throw ValidationError("--last must be a whole number from 0 to 500") }
  }

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        var follower = try EventFollower(client: client, device: device, deadline: options.deadline)
        show(try await follower.start(count: last))
        while true {
          try await Task.sleep(for: .milliseconds(500))
          show(try await follower.next())
        }
      }
    }
  }

  private func show(_ events: [EventDocument]) {
    for event in events {
      // The line's detail is JSON too, so that it stays what it is with JSON's own escapes.
      StandardOutput.write(PlainText.escaped(json: options.json ? event.jsonLine : event.line) + "\n")
    }
  }
}
