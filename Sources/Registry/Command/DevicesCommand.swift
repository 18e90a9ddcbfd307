import ArgumentParser
import RegistryClient
import RegistryDomain
import ServiceKit

struct DevicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List, show, make, change and remove devices.",
    subcommands: [
      ListDevicesCommand.self, ShowDeviceCommand.self, CreateDeviceCommand.self, UpdateDeviceCommand.self,
      DeleteDeviceCommand.self, DecommissionDeviceCommand.self, RecommissionDeviceCommand.self,
      NotifyDeviceCommand.self,
      DeviceLogsCommand.self,
    ])
}

struct ListDevicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List devices by name.")

  @OptionGroup var options: AdminOptions

  @Option(help: ArgumentHelp("Only devices whose name starts with this.", valueName: "prefix"))
  var name = ""

  @Option(help: ArgumentHelp("Only devices with this tag; given several times, with all of them.", valueName: "tag"))
  var tag: [String] = []

  @Option(
    help: """
      Only devices that are online, offline, unassigned, pending, current, failed or decommissioned; without it, all \
      but those last ones.
      """,
    completion: .list(["online", "offline", "unassigned", "pending", "current", "failed", "decommissioned"]))
  var state = ""

  @Option(
    help: "Only devices that are healthy, restarting, crash-looping, silent or unknown.",
    completion: .list(["healthy", "restarting", "crash-looping", "silent", "unknown"]))
  var health = ""

  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let (devices, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).devices(
          namePrefix: name, tags: tag, state: state, health: health, limit: list.most(json: options.json))
      }
      if options.json {
        try printJSON(devices)
      } else {
        StandardOutput.write(DeviceDocument.table(devices, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct ShowDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a device: what it should run, what it runs, when it was heard last.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String

  func run() async throws {
    try await runAdmin {
      let device = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).device(id)
      }
      if options.json {
        try printJSON(device)
      } else {
        StandardOutput.write(device.details(columns: TerminalWidth.told()))
      }
    }
  }
}

struct CreateDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a device, and print it.",
    discussion: "Devices that enrol with a claim are made by the Provisioner.")

  @OptionGroup var options: AdminOptions
  @Argument(help: "Its name.") var name: String
  @Option(help: "Its UUID; a new one otherwise.") var id: String?
  @Option(help: ArgumentHelp("A tag; may be repeated.", valueName: "tag")) var tag: [String] = []
  @Option(help: "What tells the boards of a maker apart.") var serial = ""

  func run() async throws {
    try await runAdmin {
      let device = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).create(
          id: id, name: name, tags: tag, serial: serial)
      }
      if options.json {
        try printJSON(device)
      } else {
        StandardOutput.write(device.details(columns: TerminalWidth.told()))
      }
    }
  }
}

struct UpdateDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change a device's name or tags, and print it.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String
  @Option(help: "Its new name.") var name: String?
  @Option(help: ArgumentHelp("A tag, instead of those it has; may be repeated.", valueName: "tag"))
  var tag: [String] = []
  @Flag(help: "Take all its tags away.") var noTags = false
  @Option(
    help: ArgumentHelp(
      "Only if it still has this revision, which show prints: what others changed since is not overwritten.",
      valueName: "number"))
  var revision: UInt64?

  func validate() throws {
    if revision == 0 { throw ValidationError("--revision is a whole number from 1") }
    if noTags && !tag.isEmpty { throw ValidationError("--tag and --no-tags exclude each other") }
    if name == nil, tag.isEmpty, !noTags { throw ValidationError("say what to change: --name, --tag or --no-tags") }
  }

  func run() async throws {
    try await runAdmin {
      let device = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).update(
          id, name: name, tags: noTags || !tag.isEmpty ? tag : nil, revision: revision)
      }
      if options.json {
        try printJSON(device)
      } else {
        StandardOutput.write(device.details(columns: TerminalWidth.told()))
      }
    }
  }
}

struct DeleteDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove a device and all that is known of it.",
    discussion: "Its certificates are taken back. To keep its history, decommission it instead.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String

  func run() async throws {
    try await runAdmin {
      try await options.withClient(of: Registry.self) { client in
        let administration = RegistryAdministration(client, deadline: options.deadline)
        // A name or a beginning may be another device's than was meant.
        let device = try await administration.found(id)
        try confirmation.confirm(
          "Device \(device.label) goes for good, with all that is known of it, and its certificates are revoked.",
          device: device)
        try await administration.delete(device.uuid)
      }
      if options.json { try printJSON(["deleted": "\(id)"]) } else { print("deleted \(id)") }
    }
  }
}

struct DecommissionDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decommission", abstract: "Take a device out of service, and print it.",
    discussion: """
      Its history stays. Nothing can be assigned to it any more, its certificates are taken back, and lists leave it out \
      unless they ask for --state decommissioned. The command recommission lets it come back.
      """)

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String
  @Option(help: "Why, for those who ask later.") var reason: String

  func run() async throws {
    try await runAdmin {
      let device = try await options.withClient(of: Registry.self) { client in
        let administration = RegistryAdministration(client, deadline: options.deadline)
        let device = try await administration.found(id)
        try confirmation.confirm(
          "Device \(device.label) goes out of service: its certificates are revoked, and the board must enrol again to "
            + "come back.", device: device)
        return try await administration.decommission(device.uuid, reason: reason)
      }
      if options.json {
        try printJSON(device)
      } else {
        StandardOutput.write(device.details(columns: TerminalWidth.told()))
      }
    }
  }
}

struct NotifyDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notify", abstract: "Notify a device of its desired version again.",
    discussion: "A version that the device rolled back or refused gets another try with firmware retry.")

  @OptionGroup var options: AdminOptions
  @Argument(help: .device, completion: DeviceCompletion.kind) var id: String

  func run() async throws {
    try await runAdmin {
      let version = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).renotify(id)
      }
      if options.json {
        try printJSON(["version": version])
      } else {
        print("version \(version) will be notified again")
      }
    }
  }
}
