package import AppLink
import DeviceHardware
import Foundations
import Synchronization

/// The board as its agent sees it: the levels of pins, which outlive the apps, and the sources of sensors.
package final class BoardState: Sendable {
  /// What the agent knows of the pin called `name`, for admin commands.
  package struct PinStatus: Sendable, Equatable {
    package var name: String
    /// Whether an app may set the pin.
    package var isOutput: Bool
    /// The newest level that the agent knows: 0 or 1.
    package var level: Int32
    /// How often the level changed since the agent began.
    package var changes: UInt64
    /// Where the pin is: "simulated", or the chip and line.
    package var source: String
  }

  /// What the sensor called `name` reads now, for admin commands.
  package struct SensorStatus: Sendable, Equatable {
    package var name: String
    /// What each channel reads, in millionths of its unit; 0 for a channel that can't be read.
    package var microUnits: [Int64]
    /// Where the values come from, for people.
    package var source: String
  }

  private struct Pin {
    var level: Int32
    var changes: UInt64 = 0
    /// Changes that each running app told of, by the app's number.
    var told: [UInt64: UInt64] = [:]
  }

  private struct State {
    var pins: [ByteText: Pin] = [:]
    var sensors: [ByteText: SensorGrant] = [:]
  }

  private let board: Board
  private let state: Mutex<State>

  package init(_ board: Board) {
    self.board = board
    var state = State()
    for pin in board.pins {
      let level: Int32 = if case .simulated(let level) = pin.source { level } else { 0 }
      state.pins[pin.name] = Pin(level: level)
    }
    for sensor in board.sensors { state.sensors[sensor.name] = sensor }
    self.state = Mutex(state)
  }

  /// What apps may publish to and subscribe to, as MQTT filters; empty: all of it.
  package var topics: [String] { board.topics }

  /// What an app that is launched now is told of the pins.
  package var pinGrants: [PinGrant] {
    state.withLock { state in
      board.pins.map { pin in
        guard case .simulated = pin.source, let level = state.pins[pin.name]?.level else { return pin }
        var pin = pin
        pin.source = .simulated(level: level)
        return pin
      }
    }
  }

  /// What an app that is launched now is told of the sensors.
  package var sensorGrants: [SensorGrant] {
    state.withLock { state in board.sensors.map { state.sensors[$0.name] ?? $0 } }
  }

  /// Sets a pin as a person or a test does; the running apps must be told.
  ///
  /// - Parameter isTold: an app will tell of the change itself.
  package func setPin(_ name: String, to level: Int32, isTold: Bool) throws(BoardError) {
    guard let pin = board.pins.first(where: { $0.name == name }) else {
      throw BoardError("there is no pin \"\(name)\"; there are \(Self.list(board.pins.map(\.name)))")
    }
    guard case .simulated = pin.source else {
      throw BoardError("pin \(name) is hardware, and its level comes from there: only simulated pins can be set")
    }
    guard (0...1).contains(level) else { throw BoardError("a level is 0 or 1, not \(level)") }
    state.withLock { state in
      guard state.pins[name]?.level != level else { return }
      state.pins[name]?.level = level
      if !isTold { state.pins[name]?.changes += 1 }
    }
  }

  /// Notes what an app told of its pins.
  ///
  /// - Parameter app: tells one start of an app from others.
  package func note(_ levels: [PinLevel], of app: UInt64) {
    state.withLock { state in
      for level in levels {
        guard let told = state.pins[level.name]?.told[app, default: 0] else { continue }
        state.pins[level.name]?.level = level.level == 0 ? 0 : 1
        state.pins[level.name]?.changes += level.changes >= told ? level.changes - told : 0
        state.pins[level.name]?.told[app] = level.changes
      }
    }
  }

  /// Forgets an app that is gone.
  package func forget(_ app: UInt64) {
    state.withLock { state in
      for name in state.pins.keys { state.pins[name]?.told[app] = nil }
    }
  }

  /// Gives a sensor other values, from now on; the running apps must be told what this returns.
  ///
  /// - Parameter now: on the monotonic clock.
  package func setSensor(_ name: String, to table: SensorTable, now: UInt64) throws(BoardError) -> SensorGrant {
    guard board.sensors.contains(where: { $0.name == name }) else {
      throw BoardError("there is no sensor \"\(name)\"; there are \(Self.list(board.sensors.map(\.name)))")
    }
    let grant = SensorGrant(name: name, channels: table.sources(startedAt: now))
    state.withLock { $0.sensors[name] = grant }
    return grant
  }

  /// All pins, in the board's order.
  package func pins() -> [PinStatus] {
    state.withLock { state in
      board.pins.map { pin in
        let source =
          switch pin.source {
          case .simulated: "simulated"
          case .line(let chip, let offset, let isActiveLow):
            "\(chip) line \(offset)\(isActiveLow ? ", active low" : "")"
          }
        return PinStatus(
          name: pin.name, isOutput: pin.isOutput, level: state.pins[pin.name]?.level ?? 0,
          changes: state.pins[pin.name]?.changes ?? 0, source: source)
      }
    }
  }

  /// All sensors, in the board's order, and what they read.
  ///
  /// - Parameter now: on the monotonic clock.
  package func sensors(now: UInt64) -> [SensorStatus] {
    sensorGrants.map { grant in
      var problems: [String] = []
      let sensor = AppSensor(grant, &problems)
      let values = grant.channels.indices.map { (try? sensor.read(channel: Int32($0), at: now)) ?? 0 }
      return SensorStatus(
        name: grant.name, microUnits: values, source: grant.channels.map(\.text).joined(separator: ", "))
    }
  }

  private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}

extension SensorSource {
  /// The source in words for people.
  var text: String {
    switch self {
    case .constant: "constant"
    case .waveform(let waveform): "waveform of \(waveform.times.count) points"
    case .industrialInput(let input): "\(input.devicePath)/\(input.channel)"
    }
  }
}
