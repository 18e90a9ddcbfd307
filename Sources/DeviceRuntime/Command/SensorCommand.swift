import AppLink
import ArgumentParser
import DeviceAdmin
import DeviceBoard
import FoundationEssentials
import Foundations
import Messaging
import ServiceKit
import Wire

struct SensorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensor", abstract: "Show the device's sensors, and let them read other values.",
    subcommands: [ListSensors.self, SetSensor.self, ScriptSensor.self])

  struct ListSensors: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show all sensors and what they read now.")

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption

    func run() async throws {
      try await runAdmin {
        let options = try directory.administration(options)
        try show(try await SensorCommand.sensors(WireListSensors(), options), options)
      }
    }
  }

  struct SetSensor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Let a sensor read constant values.")

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption
    @Argument(help: "The sensor's name.") var name: String
    @Argument(help: "A value for each channel, in the sensor's unit, such as 21.5; -- goes before negative ones.")
    var values: [Double]

    func validate() throws {
      guard !values.isEmpty, values.allSatisfy(\.isFinite) else {
        throw ValidationError("give a number for each channel, such as 21.5")
      }
    }

    func run() async throws {
      try await SensorCommand.set(
        name, options, directory,
        to: [SensorTable.Row(nanoseconds: 0, microUnits: values.map { Int64(clamping: $0 * 1e6) })])
    }
  }

  struct ScriptSensor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "script", abstract: "Let a sensor read values from a CSV file, over and over.",
      discussion: """
        Each row is a time in seconds and a value for each channel. Between two rows the value is on the straight \
        line; after the last one it starts over.
        """)

    @OptionGroup var options: AdminOptions
    @OptionGroup var directory: DirectoryOption
    @Argument(help: "The sensor's name.") var name: String
    @Argument(help: "The CSV file.") var file: String

    func run() async throws {
      try await runAdmin {
        let text: String
        do {
          text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
          throw AdminError("can't read \(file) as UTF-8 text; give a CSV file that you may read", status: .data)
        }
        let table: SensorTable
        do {
          table = try SensorTable(parsing: text, name: file)
        } catch {
          throw AdminError("\(error)", status: .data)
        }
        try await SensorCommand.set(name, options, directory, to: table.rows)
      }
    }
  }

  fileprivate static func set(
    _ name: String, _ options: AdminOptions, _ directory: DirectoryOption, to rows: [SensorTable.Row]
  ) async throws {
    try await runAdmin {
      let options = try directory.administration(options)
      var request = WireSetSensor()
      request.name = name
      request.rows = rows.map { row in
        var wire = WireSetSensor.SensorRow()
        wire.timeNanoseconds = row.nanoseconds
        wire.microUnits = row.microUnits
        return wire
      }
      let sensors = try await sensors(request, options)
      if options.json { try show(sensors.filter { $0.name == name }, options) }
    }
  }

  fileprivate static func sensors<Request: WireRequest>(
    _ request: Request, _ options: AdminOptions
  ) async throws -> [SensorView] where Request.Response == WireSensors {
    try await options.withClient(of: DeviceProgram.self) { client in
      try await client.call(request, deadline: options.deadline).sensors.map { SensorView($0) }
    }
  }
}

private func show(_ sensors: [SensorView], _ options: AdminOptions) throws {
  if options.json { return try printJSON(sensors) }
  var table = Table([("SENSOR", .cut), ("VALUES", .cut), ("SOURCE", .cut)])
  for sensor in sensors {
    table.add([sensor.name, sensor.values.map { "\($0)" }.joined(separator: " "), sensor.source])
  }
  StandardOutput.write(table.text(columns: TerminalWidth.told()))
}
