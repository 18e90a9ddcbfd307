import ArgumentParser
import Foundation
import Messaging
import RegistryClient
import ServiceKit
import Wire

struct AppsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apps", abstract: "Send messages to the apps of devices, and read what they publish.",
    discussion: "Apps publish and subscribe below /apps/{device}/; topics and filters here are what follows that.",
    subcommands: [SendToAppCommand.self, ListenToAppCommand.self])
}

struct SendToAppCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send a message to the app of a device.",
    discussion: """
      It arrives at least once, as long as the device's session lives; the audit log has who sent it, and not what. At \
      most 64 KiB.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @Argument(help: "The topic below /apps/{device}/, to which the app subscribes.") var topic: String
  @Argument(help: "What it says; empty otherwise.") var payload: String?
  @Option(help: ArgumentHelp("A file with what it says; - is the standard input.", valueName: "file"))
  var file: String?

  private static let mostBytes = 64 << 10

  func validate() throws {
    if payload != nil, file != nil { throw ValidationError("the payload and --file exclude each other") }
  }

  func run() async throws {
    try await runAdmin {
      let bytes = try file.map(Self.read) ?? Data((payload ?? "").utf8)
      let isHeard = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).send(bytes, to: device, topic: topic)
      }
      if options.json {
        try printJSON(["heard": isHeard])
      } else {
        print(
          isHeard ? "sent" : "sent, and nobody subscribes to that topic: is the app running, and is it the right topic?"
        )
      }
    }
  }

  private static func read(_ path: String) throws -> Data {
    let name = path == "-" ? "the standard input" : path
    let bytes: Data
    do {
      let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
      defer { if path != "-" { try? file.close() } }
      // One more than is taken, to know that there is more.
      bytes = try file.read(upToCount: mostBytes + 1) ?? Data()
    } catch {
      throw AdminError("\(name) can't be read: check the path and its rights", status: .data)
    }
    guard bytes.count <= mostBytes else {
      throw AdminError("\(name) has more than \(mostBytes) bytes, which is the most that an app takes", status: .data)
    }
    return bytes
  }
}

struct ListenToAppCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen", abstract: "Show what the app of a device publishes, as it happens, until interrupted.",
    discussion: """
      Asks a Notifier, so that no credentials of the broker are needed: XTBLISH_NOTIFIER_ENDPOINTS or --notifier says \
      where. Nothing is kept for later. With --json each message is a line. The audit log has who listened.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var device: String
  @Argument(help: "Which topics below /apps/{device}/, with MQTT's wildcards; all of them otherwise.")
  var filter = "#"
  @Option(help: ArgumentHelp("Where a Notifier answers on the bus.", valueName: "tcp://host:port"))
  var notifier: String?
  @Option(help: ArgumentHelp("End after so many messages.", valueName: "number")) var count: Int?

  func validate() throws {
    guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count must be a whole number from 1") }
  }

  func run() async throws {
    try await runAdmin {
      let id = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).deviceBytes(device)
      }
      try await options.withOneReplica(of: "notifier", role: .notifier, at: notifier, usual: "tcp://127.0.0.1:7132") {
        var follower = AppFollower(notifier: $0, device: id, filter: filter, deadline: options.deadline)
        var left = count
        _ = try await follower.next()
        StandardError.write("listening to \(filter) of \(device)\n")
        while left != 0 {
          let news = try await follower.next()
          if news.hasGap { StandardError.write("the Notifier began anew: what came in between was not heard\n") }
          if news.dropped > 0 { StandardError.write("\(news.dropped) messages went by unread\n") }
          for message in news.messages where left != 0 {
            StandardOutput.write((options.json ? try message.jsonLine() : message.line) + "\n")
            left = left.map { $0 - 1 }
          }
        }
      }
    }
  }
}
