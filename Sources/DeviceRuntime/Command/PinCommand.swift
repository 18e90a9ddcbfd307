import ArgumentParser
import DeviceAdmin
import Foundations
import Messaging
import ServiceKit
import Wire

struct PinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Show the device's pins, and set simulated ones.",
    subcommands: [ListPins.self, GetPin.self, SetPin.self])

  struct ListPins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Show all pins.")

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption

    func run() async throws {
      try await runAdmin {
        let options = try directory.administration(options)
        try show(try await PinCommand.pins(WireListPins(), options), options)
      }
    }
  }

  struct GetPin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print the level of a pin, 0 or 1.")

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption
    @Argument(help: "The pin's name.") var name: String

    func run() async throws {
      try await runAdmin {
        let options = try directory.administration(options)
        let pins = try await PinCommand.pins(WireListPins(), options)
        guard let pin = pins.first(where: { $0.name == name }) else {
          throw AdminError(
            "there is no pin \"\(name)\"; there are \(pins.map(\.name).joined(separator: ", "))", status: .failure)
        }
        if options.json { try printJSON(pin) } else { StandardOutput.write("\(pin.level)\n") }
      }
    }
  }

  struct SetPin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Set a simulated pin; an app that watches it gets an event.")

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption
    @Argument(help: "The pin's name.") var name: String
    @Argument(help: "0 or 1.") var level: Int32

    func run() async throws {
      try await runAdmin {
        let options = try directory.administration(options)
        var request = WireSetPin()
        request.name = name
        request.level = level
        let pins = try await PinCommand.pins(request, options)
        if options.json { try show(pins.filter { $0.name == name }, options) }
      }
    }
  }

  fileprivate static func pins<Request: WireRequest>(
    _ request: Request, _ options: AdminOptions
  ) async throws -> [PinView] where Request.Response == WirePins {
    try await options.withClient(of: DeviceProgram.self) { client in
      try await client.call(request, deadline: options.deadline).pins.map { PinView($0) }
    }
  }
}

private func show(_ pins: [PinView], _ options: AdminOptions) throws {
  if options.json { return try printJSON(pins) }
  var table = Table(
    [("PIN", .cut), ("DIRECTION", .always), ("LEVEL", .always), ("CHANGES", .always), ("SOURCE", .cut)],
    rightAligned: [2, 3])
  for pin in pins { table.add([pin.name, pin.direction, "\(pin.level)", "\(pin.changes)", pin.source]) }
  StandardOutput.write(table.text(columns: TerminalWidth.told()))
}
