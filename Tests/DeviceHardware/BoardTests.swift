import TestSupport
import Testing

@testable import Agent
@testable import AppLink
@testable import DeviceBoard
@testable import DeviceStorage
@testable import Foundations

@Suite(.seated) struct BoardTests {
  private func parse(_ text: String, files: [String: String] = [:]) throws -> Board {
    try Board(parsing: Array(text.utf8), now: 5) { name in
      guard let text = files[name] else { throw BoardError("\(name) is not there") }
      return text
    }
  }

  @Test func aBoardIsRead() throws {
    let board = try parse(
      """
      {"pins": [{"name": "led", "direction": "output", "chip": "/dev/gpiochip0", "line": 17, "activeLow": true},
                {"name": "relay", "direction": "output", "chip": "gpiochip1", "line": 2},
                {"name": "button", "direction": "input"}],
       "sensors": [{"name": "air", "channels": [{"constant": 21.5}, {"file": "wave.csv"},
                    {"iio": "iio:device0", "channel": "in_temp", "scale": 0.001}]}],
       "topics": ["readings/#"]}
      """, files: ["wave.csv": "0,1\n1,2"])
    #expect(
      board.pins == [
        PinGrant(name: "led", isOutput: true, source: .line(chip: "/dev/gpiochip0", offset: 17, isActiveLow: true)),
        PinGrant(name: "relay", isOutput: true, source: .line(chip: "/dev/gpiochip1", offset: 2, isActiveLow: false)),
        PinGrant(name: "button", isOutput: false, source: .simulated(level: 0)),
      ])
    #expect(
      board.sensors == [
        SensorGrant(
          name: "air",
          channels: [
            .constant(microUnits: 21_500_000),
            .waveform(Waveform(times: [0, 1_000_000_000], microUnits: [1_000_000, 2_000_000], startedAt: 5)),
            .industrialInput(
              IndustrialInput(
                devicePath: "/sys/bus/iio/devices/iio:device0", channel: "in_temp", microUnitsPerUnit: 1000)),
          ])
      ])
    #expect(board.topics == ["readings/#"])
    #expect(try parse("{}") == Board(pins: [], sensors: []))
  }

  @Test(arguments: [
    ("nonsense", "board.json is not"), (#"{"pins": [{"name": "a"}]}"#, "pins.0 lacks \"direction\""),
    (#"{"pins": [{"name": "a", "direction": "up"}]}"#, "not \"up\""),
    (#"{"pins": [{"name": "a", "direction": "input", "chip": "c"}]}"#, "needs both"),
    (#"{"pins": [{"name": "a", "direction": "input"}, {"name": "a", "direction": "output"}]}"#, "twice"),
    (#"{"pins": [{"name": "", "direction": "input"}]}"#, "empty"),
    (#"{"sensors": [{"name": "a", "channels": []}]}"#, "no channels"),
    (#"{"sensors": [{"name": "a", "channels": [{}]}]}"#, "has one of"),
    (#"{"sensors": [{"name": "a", "channels": [{"constant": 1, "file": "f"}]}]}"#, "has one of"),
    (#"{"sensors": [{"name": "a", "channels": [{"iio": "iio:device0"}]}]}"#, "needs a \"channel\""),
    (#"{"sensors": [{"name": "a", "channels": [{"file": "absent"}]}]}"#, "absent is not there"),
    (#"{"topics": ["/a"]}"#, "no MQTT filter"),
  ])
  func aBoardThatCantBeIsRefused(text: String, reason: String) {
    do {
      let board = try parse(text)
      Issue.record("\(board)")
    } catch {
      #expect("\(error)".contains(reason), "\(error)")
    }
  }

  @Test func aDeviceComesUpWithABoardThatCantBeUsed() throws {
    let flash = InMemoryFlash()
    #expect(Board.load(from: flash, now: 0).board == .simulated)
    #expect(Board.load(from: flash, now: 0).problem == nil)
    try flash.replace("board.json", with: Array(#"{"sensors": [{"name": "s", "channels": [{"file": "w.csv"}]}]}"#.utf8))
    let broken = Board.load(from: flash, now: 0)
    #expect(broken.board == .simulated)
    #expect(broken.problem?.contains("w.csv is not in the device's directory") == true)
    try flash.replace("w.csv", with: Array("0,3".utf8))
    #expect(Board.load(from: flash, now: 0).board.sensors.map(\.name) == ["s"])
  }

  @Test func levelsOutliveApps() throws {
    let state = BoardState(.simulated)
    state.note([PinLevel(name: "led", level: 1, changes: 3)], of: 1)
    state.note([PinLevel(name: "led", level: 0, changes: 4), PinLevel(name: "other", level: 1, changes: 1)], of: 1)
    state.note([PinLevel(name: "led", level: 1, changes: 1)], of: 2)
    state.forget(1)
    try state.setPin("button", to: 1, isTold: false)
    #expect(state.pins().map(\.level) == [1, 1])
    #expect(state.pins().map(\.changes) == [5, 1])
    #expect(state.pinGrants.map(\.source) == [.simulated(level: 1), .simulated(level: 1)])
  }

  @Test func whatIsNoSimulatedPinCantBeSet() throws {
    let state = BoardState(
      Board(
        pins: [PinGrant(name: "real", isOutput: true, source: .line(chip: "/dev/c", offset: 1, isActiveLow: false))],
        sensors: []))
    for (name, reason) in [("real", "hardware"), ("absent", "there are real")] {
      do {
        try state.setPin(name, to: 1, isTold: false)
        Issue.record("set \(name)")
      } catch {
        #expect("\(error)".contains(reason))
      }
    }
    #expect(throws: BoardError.self) { try BoardState(.simulated).setPin("led", to: 2, isTold: false) }
    #expect(throws: BoardError.self) {
      try state.setSensor("absent", to: SensorTable(rows: [.init(nanoseconds: 0, microUnits: [1])]), now: 0)
    }
  }

  @Test func sensorsTellWhatTheyReadNow() throws {
    let state = BoardState(.simulated)
    #expect(state.sensors(now: 0) == [.init(name: "temperature", microUnits: [21_500_000], source: "constant")])
    let table = try SensorTable(parsing: "0,0,10\n2,100,10", name: "t")
    let grant = try state.setSensor("temperature", to: table, now: 1_000_000_000)
    #expect(state.sensorGrants == [grant])
    #expect(
      state.sensors(now: 2_000_000_000)
        == [
          .init(
            name: "temperature", microUnits: [50_000_000, 10_000_000],
            source: "waveform of 2 points, waveform of 2 points")
        ])
  }
}
