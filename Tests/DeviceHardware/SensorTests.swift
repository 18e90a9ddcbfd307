import DeviceProtocol
import TestSupport
import Testing

@testable import AppLink
@testable import DeviceBoard
@testable import DeviceHardware
@testable import Foundations

@Suite(.seated) struct SensorTests {
  static let second: UInt64 = 1_000_000_000

  @Test(
    arguments: [
      (0, 0), (500_000_000, 50), (1_000_000_000, 100), (2_000_000_000, 75), (2_500_000_000, 63), (3_000_000_000, 0),
      (3_500_000_000, 50), (30_000_000_000, 0),
    ] as [(UInt64, Int64)])
  func aWaveformIsStraightBetweenPointsAndStartsOver(elapsed: UInt64, value: Int64) {
    let waveform = Waveform(times: [0, Self.second, 3 * Self.second], microUnits: [0, 100, 50], startedAt: 1000)
    #expect(waveform.microUnits(at: 1000 + elapsed) == value)
  }

  @Test func aWaveformBeginsWithItsFirstPoint() {
    let late = Waveform(times: [Self.second, 2 * Self.second], microUnits: [7, 9], startedAt: 100)
    #expect(late.microUnits(at: 0) == 7)
    #expect(late.microUnits(at: 100 + Self.second / 2) == 7)
    #expect(Waveform(times: [0], microUnits: [5], startedAt: 0).microUnits(at: 99) == 5)
    #expect(Waveform(times: [], microUnits: [], startedAt: 0).microUnits(at: 99) == 0)
    let steep = Waveform(times: [0, 1], microUnits: [.min, .max], startedAt: 0)
    #expect(steep.microUnits(at: 0) == .min)
  }

  @Test func aTableReadsTimesAndValues() throws {
    let table = try SensorTable(
      parsing: "seconds, left, right\r\n# a remark\n0,1.5,-2\n\n 0.25 , 2 , 3e-6 \n", name: "t.csv")
    #expect(
      table.rows == [
        .init(nanoseconds: 0, microUnits: [1_500_000, -2_000_000]),
        .init(nanoseconds: 250_000_000, microUnits: [2_000_000, 3]),
      ])
    #expect(table.columns == 2)
    #expect(try SensorTable(parsing: "0,4", name: "t").sources(startedAt: 9) == [.constant(microUnits: 4_000_000)])
    guard case .waveform(let left) = table.sources(startedAt: 9)[0] else {
      Issue.record("\(table)")
      return
    }
    #expect(left == Waveform(times: [0, 250_000_000], microUnits: [1_500_000, 2_000_000], startedAt: 9))
  }

  @Test(arguments: [
    ("", "no values"), ("seconds,value\n", "no values"), ("0,1\n1", "line 2"), ("0,1\nx,2", "line 2"),
    ("0,1\n0,2", "must grow"), ("1,1\n0,2", "must grow"), ("0,1\n1,2,3", "equally many"), ("-1,2", "line 1"),
    ("0,inf", "line 1"), ("5\n", "line 1"),
  ])
  func aTableThatIsNoneIsRefused(text: String, reason: String) {
    do {
      let table = try SensorTable(parsing: text, name: "t.csv")
      Issue.record("\(table)")
    } catch {
      #expect("\(error)".contains(reason) && "\(error)".hasPrefix("t.csv"))
    }
  }

  @Test func industrialInputsAreComputedAsTheKernelSays() throws {
    let folder = try TemporaryFolder("xtblish-iio")
    let files = [
      "in_temp_raw": "1200\n", "in_temp_offset": "-200\n", "in_temp_scale": "2.5\n", "in_voltage0_raw": "10\n",
      "in_voltage_scale": "0.5\n", "in_pressure_input": "101.325\n", "in_broken_raw": "no number\n",
    ]
    for (name, text) in files { try writeFile(folder.path(name), text) }
    func source(_ channel: String, _ scale: Double = 1e6) -> SensorSource {
      .industrialInput(IndustrialInput(devicePath: folder.path, channel: channel, microUnitsPerUnit: scale))
    }
    let sensors = AppSensors([
      SensorGrant(
        name: "s",
        channels: [
          source("in_temp", 1e3), source("in_voltage0"), source("in_pressure"), source("in_broken"), source("absent"),
        ])
    ])
    #expect(try sensors["s"]?.read(channel: 0, at: 0) == 2_500_000)
    #expect(try sensors["s"]?.read(channel: 1, at: 0) == 5_000_000)
    #expect(try sensors["s"]?.read(channel: 2, at: 0) == 101_325_000)
    #expect(throws: HostErrno.inputOutput) { try sensors["s"]?.read(channel: 3, at: 0) }
    #expect(throws: HostErrno.inputOutput) { try sensors["s"]?.read(channel: 4, at: 0) }
    #expect(throws: HostErrno.invalid) { try sensors["s"]?.read(channel: 5, at: 0) }
    #expect(throws: HostErrno.invalid) { try sensors["s"]?.read(channel: -1, at: 0) }
    #expect(sensors.problems.count == 1 && sensors.problems[0].contains("absent"))
    // The file is read anew each time.
    try writeFile(folder.path("in_temp_raw"), "200\n")
    #expect(try sensors["s"]?.read(channel: 0, at: 0) == 0)
  }

  @Test func onlyAGrantedSensorIsReplaced() throws {
    let sensors = AppSensors([SensorGrant(name: "a", channels: [.constant(microUnits: 1)])])
    sensors.replace(SensorGrant(name: "a", channels: [.constant(microUnits: 2)]))
    sensors.replace(SensorGrant(name: "b", channels: [.constant(microUnits: 3)]))
    #expect(try sensors["a"]?.read(channel: 0, at: 0) == 2)
    #expect(sensors["b"] == nil)
  }
}
