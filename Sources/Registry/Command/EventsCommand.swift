import ArgumentParser
import RegistryClient
import ServiceKit
import TextFormats

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show what happened.",
    subcommands: [ListEventsCommand.self, FollowEventsCommand.self])
}

struct ListEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List events, newest first.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only events of this device.", valueName: "device"), completion: DeviceCompletion.kind)
  var device: String?
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let (events, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).events(
          of: device, limit: list.most(json: options.json))
      }
      if options.json {
        try printJSON(events)
      } else {
        StandardOutput.write(EventDocument.table(events, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct FollowEventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Show events as they happen, until interrupted.",
    discussion: "With --json each event is a line.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only events of this device.", valueName: "device"), completion: DeviceCompletion.kind)
  var device: String?
  @Option(help: "How many of the last events to show first.") var last: UInt32 = 10

  func validate() throws {
    guard last <= 500 else { throw ValidationError("--last must be a whole number from 0 to 500") }
  }

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        var id: String?
        if let device { id = try await RegistryAdministration(client, deadline: options.deadline).deviceID(device) }
        var follower = try EventFollower(client: client, device: id, deadline: options.deadline)
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
