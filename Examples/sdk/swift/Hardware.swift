import CXTB1

/// A pin that the app reads, by the name that the device's board gives it.
public struct InputPin: Equatable, Sendable {
  /// Changes of a pin.
  public enum Edges: Int32, Sendable {
    case rising = 1
    case falling = 2
    case both = 3
  }

  let handle: Int32

  /// `.notGranted` if this device has none of that name.
  public init(_ name: String) throws(HostError) {
    handle = try check(name.withBytes { xtb_gpio_open($0, $1, Int32(XTB_PIN_INPUT)) })
  }

  init(handle: Int32) { self.handle = handle }

  /// Its level now.
  public var isHigh: Bool {
    get throws(HostError) { try check(xtb_gpio_get(handle)) != 0 }
  }

  /// From now on `Event.pin` tells of these edges.
  public func watch(_ edges: Edges) throws(HostError) {
    try check(xtb_gpio_watch(handle, edges.rawValue))
  }

  /// No further edges are told of.
  public func stopWatching() throws(HostError) {
    try check(xtb_gpio_watch(handle, 0))
  }
}

/// A pin that the app sets.
public struct OutputPin: Equatable, Sendable {
  let handle: Int32

  /// `.notGranted` if this device has none of that name.
  public init(_ name: String) throws(HostError) {
    handle = try check(name.withBytes { xtb_gpio_open($0, $1, Int32(XTB_PIN_OUTPUT)) })
  }

  /// The level it has now.
  public var isHigh: Bool {
    get throws(HostError) { try check(xtb_gpio_get(handle)) != 0 }
  }

  /// Sets its level.
  public func set(_ isHigh: Bool) throws(HostError) {
    try check(xtb_gpio_set(handle, isHigh ? 1 : 0))
  }
}

/// What a sensor measured.
public struct Reading: Equatable, Sendable {
  /// Millionths of the sensor's unit: 21,500,000 is 21.5 °C.
  public var microUnits: Int64
  /// When, on the monotonic clock.
  public var nanoseconds: Int64

  /// As a decimal number, cut after so many decimals, at most 6: "21.50".
  public func text(decimals: Int = 2) -> String {
    var divisor: UInt64 = 1_000_000
    for _ in 0..<max(0, min(decimals, 6)) { divisor /= 10 }
    let value = microUnits.magnitude / divisor
    let scale = 1_000_000 / divisor
    var text = microUnits < 0 ? "-" : ""
    text += "\(value / scale)"
    guard scale > 1 else { return text }
    text += "."
    var place = scale / 10
    while place > 0 {
      text += "\(value / place % 10)"
      place /= 10
    }
    return text
  }
}

/// A sensor, by the name that the device's board gives it.
public struct Sensor: Equatable, Sendable {
  let handle: Int32

  /// `.notGranted` if this device has none of that name.
  public init(_ name: String) throws(HostError) {
    handle = try check(name.withBytes { xtb_sensor_open($0, $1) })
  }

  /// Reads a channel, the first of which is 0.
  public func read(channel: Int32 = 0) throws(HostError) -> Reading {
    var reading = xtb_reading()
    try check(xtb_sensor_read(handle, channel, &reading))
    return Reading(microUnits: reading.micro_units, nanoseconds: reading.time_ns)
  }
}
