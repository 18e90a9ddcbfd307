package import AppLink
import DeviceProtocol
import FoundationEssentials
import TextFormats

/// What is wired to the device and what its apps may use, as `board.json` in the device's directory says.
package struct Board: Sendable, Equatable {
  /// The pins, no two of the same name.
  package var pins: [PinGrant]
  /// The sensors, no two of the same name.
  package var sensors: [SensorGrant]
  /// What apps may publish to and subscribe to, as MQTT filters below `/apps/{device}/`; empty: all of it.
  package var topics: [String]

  package init(pins: [PinGrant], sensors: [SensorGrant], topics: [String] = []) {
    self.pins = pins
    self.sensors = sensors
    self.topics = topics
  }

  /// The board of a device without that file.
  package static let simulated = Board(
    pins: [
      PinGrant(name: "led", isOutput: true, source: .simulated(level: 0)),
      PinGrant(name: "button", isOutput: false, source: .simulated(level: 0)),
    ], sensors: [SensorGrant(name: "temperature", channels: [.constant(microUnits: 21_500_000)])])

  /// The file in the device's directory.
  package static let fileName = "board.json"
  /// The largest size of that file, and of each waveform that it names.
  package static let maximumFileBytes = 1 << 20

  /// - Parameters:
  ///   - industrialInputs: the folder with the kernel's devices, without a slash at the end.
  ///   - now: on the monotonic clock; waveforms start here.
  ///   - readFile: the text of a file in the device's directory.
  package init(
    parsing bytes: [UInt8], industrialInputs: String = "/sys/bus/iio/devices", now: UInt64,
    readFile: (String) throws -> String
  ) throws {
    let file: BoardFile
    do {
      file = try JSONCoding.decode(BoardFile.self, from: bytes)
    } catch {
      throw BoardError("\(Self.fileName) is not what a board is described by: \(Self.reason(of: error))")
    }
    pins = try (file.pins ?? []).map { try PinGrant($0) }
    sensors = try (file.sensors ?? []).map { sensor in
      guard !sensor.channels.isEmpty else { throw BoardError("sensor \(sensor.name) has no channels: give it one") }
      return try SensorGrant(
        name: sensor.name,
        channels: sensor.channels.map { channel in
          try SensorSource(
            channel, of: sensor.name, industrialInputs: industrialInputs, now: now, readFile: readFile)
        })
    }
    topics = file.topics ?? []
    for name in topics where TopicFilter(name) == nil {
      throw BoardError("topic \"\(name)\" is no MQTT filter; it must not begin with / and # must come last")
    }
    for names in [pins.map(\.name), sensors.map(\.name)] {
      for name in names where name.isEmpty || name.utf8.count > HostInterface.keyLimitBytes {
        throw BoardError("a pin or sensor has an empty or too long name")
      }
      if let twice = Dictionary(grouping: names, by: { $0 }).first(where: { $0.value.count > 1 }) {
        throw BoardError("\"\(twice.key)\" is there twice: names must differ")
      }
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): "\(path(context)) lacks \"\(key.stringValue)\""
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(path(context)) is of another kind: \(context.debugDescription)"
    case .dataCorrupted(let context): "\(path(context)): \(context.debugDescription)"
    default: "\(error)"
    }
  }

  private static func path(_ context: DecodingError.Context) -> String {
    let keys = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return keys.isEmpty ? "the file" : keys.joined(separator: ".")
  }
}

/// What is wrong with a board, or why a pin or sensor can't be used so.
package struct BoardError: Error, Sendable, Equatable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The file's own shape.
private struct BoardFile: Decodable {
  struct Pin: Decodable {
    var name: String
    var direction: String
    var chip: String?
    var line: UInt32?
    var activeLow: Bool?
  }

  struct Sensor: Decodable {
    var name: String
    var channels: [Channel]
  }

  struct Channel: Decodable {
    var constant: Double?
    var file: String?
    var iio: String?
    var channel: String?
    var scale: Double?
  }

  var pins: [Pin]?
  var sensors: [Sensor]?
  var topics: [String]?
}

extension PinGrant {
  fileprivate init(_ pin: BoardFile.Pin) throws(BoardError) {
    guard ["input", "output"].contains(pin.direction) else {
      throw BoardError("pin \(pin.name): the direction is \"input\" or \"output\", not \"\(pin.direction)\"")
    }
    let source: Source
    switch (pin.chip, pin.line) {
    case (let chip?, let line?):
      source = .line(
        chip: chip.hasPrefix("/") ? chip : "/dev/\(chip)", offset: line, isActiveLow: pin.activeLow ?? false)
    case (nil, nil): source = .simulated(level: 0)
    default: throw BoardError("pin \(pin.name): a real one needs both \"chip\" and \"line\", a simulated one neither")
    }
    self.init(name: pin.name, isOutput: pin.direction == "output", source: source)
  }
}

extension SensorSource {
  fileprivate init(
    _ channel: BoardFile.Channel, of sensor: String, industrialInputs: String, now: UInt64,
    readFile: (String) throws -> String
  ) throws {
    switch (channel.constant, channel.file, channel.iio) {
    case (let value?, nil, nil): self = .constant(microUnits: Int64(clamping: value * 1e6))
    case (nil, let name?, nil):
      let table = try SensorTable(parsing: readFile(name), name: name)
      guard table.columns == 1 else { throw BoardError("\(name) must have two columns: seconds and value") }
      self = table.sources(startedAt: now)[0]
    case (nil, nil, let device?):
      guard let name = channel.channel, !name.isEmpty, !name.contains("/") else {
        throw BoardError("sensor \(sensor): \"iio\" needs a \"channel\", such as \"in_temp\"")
      }
      self = .industrialInput(
        IndustrialInput(
          devicePath: device.hasPrefix("/") ? device : "\(industrialInputs)/\(device)", channel: name,
          microUnitsPerUnit: (channel.scale ?? 1) * 1e6))
    default:
      throw BoardError("sensor \(sensor): a channel has one of \"constant\", \"file\" and \"iio\"")
    }
  }
}
