import AppSupervision
import FirmwareImage
import Glibc
import TestApps
import TestSupport
import Testing
import Wire

@testable import AppLink
@testable import Foundations

/// The example apps, built by their own script and run as a device runs them.
@Suite(.seated, .timeLimit(.minutes(10))) struct ExampleAppTests {
  @Test(arguments: ["sensor-c", "sensor-swift", "sensor-rust", "sensor-wat"])
  func sensorsReadLogPublishAndCount(name: String) async throws {
    let bed = try AppTestBed()
    let wasm = try await ExampleBuild.module(name)
    let board = TestBoard(
      sensors: [SensorGrant(name: "temperature", channels: [.constant(microUnits: -7_059_999)])])
    let app = try await bed.launch(wasm, configuration: ["period_ms": "20"], board: board)
    var history = AppHistory()
    // Counts on from the ten readings of its last run.
    let stored = try await history.read(app) { $0.keyValueRequest }
    #expect(stored.get.elementsEqual("readings".utf8))
    await app.deliver(.keyValue(.answer(to: stored, value: [10, 0, 0, 0, 0, 0, 0, 0])))

    for reading in 11...13 {
      let message = try await history.read(app) { $0.publication }
      #expect(message.topic == "temperature" && message.qos == 1)
      #expect(
        String(decoding: message.payload, as: UTF8.self)
          == #"{"temperature":-7.05,"unit":"C","reading":\#(reading),"app":"\#(name)","version":"\#(ExampleBuild.version)"}"#
      )
      await app.deliver(.published(id: message.id, reasonCode: 0))
      if reading == 11 {
        let kept = try await history.read(app) { $0.keyValueRequest }
        #expect(kept.set.key.elementsEqual("readings".utf8) && Array(kept.set.value) == [11, 0, 0, 0, 0, 0, 0, 0])
        await app.deliver(.keyValue(.answer(to: kept)))
      }
    }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(
      history.texts(.app).prefix(3) == [
        "\(name) \(ExampleBuild.version) starts: period_ms 20, 10 readings so far", "temperature -7.05 °C (reading 11)",
        "temperature -7.05 °C (reading 12)",
      ])
    #expect(history.events.count(where: { $0 == .healthConfirmed }) == 1)
  }

  @Test(arguments: ["sensor-c", "sensor-swift", "sensor-rust", "sensor-wat"])
  func withoutItsSensorTheAppDoesNotStart(name: String) async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module(name), board: TestBoard(sensors: []))
    var history = AppHistory()
    let ending = try await history.ending(of: app)
    let words =
      "xtb_init returned -76 (NOTCAPABLE), not 0: sensor_open gave -76 (NOTCAPABLE): this device has no sensor"
    #expect("\(ending)".contains(words), "\(ending)")
    #expect(history.lines.contains { $0.level >= .warning && $0.source == .app }, "\(history.lines)")
  }

  @Test func theBlinkerBlinks() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module("blink-c"))
    var history = AppHistory()
    let line = try await history.read(app) { event in
      event.logText.flatMap { $0.hasPrefix("blinked ") ? $0 : nil }
    }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    // On a machine that is busy elsewhere ticks are missed, but told of: two for each millisecond.
    let numbers = line.split(separator: " ").compactMap { Int($0) }
    try #require(numbers.count == 4, "\(line)")
    let (ticks, milliseconds) = (2 * numbers[0] + numbers[2], numbers[1])
    #expect(milliseconds >= 1000 && abs(ticks - 2 * milliseconds) <= milliseconds / 50, "\(line)")
    let pins = history.events.compactMap { event in
      if case .pins(let levels) = event { levels } else { nil }
    }
    #expect(pins.joined().contains { $0.name == "led" && $0.changes > 0 })
    #expect(history.events.contains(.healthConfirmed))
  }

  @Test func theLampObeysItsMessages() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module("lamp-c"))
    var history = AppHistory()
    let subscription = try await history.read(app) { $0.subscription }
    #expect(subscription.filter == "lamp/set")
    await app.deliver(.subscribed(handle: subscription.handle, reasonCode: 0))
    // The last one comes twice, as QoS 1 may have it.
    for order in ["on", "off", "on", "on"] {
      await app.deliver(
        .message(handles: [subscription.handle], topic: "lamp/set", payload: Array(order.utf8)))
      let state = try await history.read(app) { $0.publication }
      #expect(state.topic == "lamp" && state.payload == Array(order.utf8))
      await app.deliver(.published(id: state.id, reasonCode: 0))
    }
    for nonsense in ["", "o", "onwards"] {
      await app.deliver(
        .message(handles: [subscription.handle], topic: "lamp/set", payload: Array(nonsense.utf8)))
      try await history.read(app) { $0.logText == "an order is neither on nor off" ? () : nil }
    }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.events.contains(.healthConfirmed))
    #expect(history.events.compactMap(\.pinLevels).joined().contains { $0.name == "led" && $0.changes > 0 })
  }

  /// The line of the source that is marked so is what the frames lead to.
  @Test(arguments: [
    ("crash-c", "crash.c", "integer-division-by-zero"), ("crash-swift", "Crash.swift", "unreachable"),
    ("crash-rust", "crash.rs", "unreachable"),
  ])
  func crashesLeadToTheirLine(name: String, file: String, code: String) async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module(name))
    var history = AppHistory()
    guard case .trapped(let trap) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(trap.code == code)
    #expect(history.texts(.app).first == "\(name) starts: it crashes in its third tick")
    let lines = try await ExampleBuild.sourceLines(of: trap, in: name)
    let marked = try ExampleBuild.line(marked: "crashes here", in: "\(name)/\(file)")
    #expect(lines.contains { $0.hasSuffix("\(name)/\(file):\(marked)") }, "\(lines)")
    if name == "crash-rust" {
      #expect(history.texts(.app).contains { $0.contains("index out of bounds: the len is 3 but the index is 30") })
    }
  }

  @Test func theUnconfirmedNeverConfirms() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module("unconfirmed-c"))
    var history = AppHistory()
    for _ in 1...2 { try await history.read(app) { $0.logText == "still on trial" ? () : nil } }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(!history.events.contains(.healthConfirmed))
  }

  @Test func assemblyScriptsConventionsAreServed() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(try await ExampleBuild.module("assemblyscript-wat"))
    var history = AppHistory()
    guard case .trapped(let trap) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(trap.message.contains("abort: nothing is left in assembly/index.ts(12:5)"), "\(trap)")
    #expect(history.texts(.app) == ["hello from AssemblyScript ✓", "3", "2", "1"])
  }

  /// Programs that know nothing of this device: they print, read the clock, arguments, environment and random numbers.
  @Test(arguments: [("hello-c", "C"), ("hello-rust", "Rust")])
  func anOrdinaryProgramRuns(name: String, language: String) async throws {
    let bed = try AppTestBed()
    let wasm = try await ExampleBuild.module(name)
    let before = Glibc.time(nil)
    let app = try await bed.launch(
      wasm, arguments: ["first", "second ✓"], environment: ["HELLO_LINES": "1", "HELLO_NAME": "a name"])
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: 0))
    let lines = history.texts(.stdout)
    try #require(lines.count == 7, "\(lines)")
    #expect(
      lines[..<4] == [
        "\(name) \(ExampleBuild.version) starts as test", "argument 1: first", "argument 2: second ✓",
        "HELLO_NAME is a name",
      ])
    #expect((before...Glibc.time(nil)).contains(try #require(Self.time(in: lines[4]))), "\(lines[4])")
    #expect(lines[5].hasPrefix("a random number: ") && lines[5].utf8.count == 33)
    #expect(lines[6].hasPrefix("hello from \(language), line 1, after 1."))
    #expect(history.texts(.stderr) == ["\(name) ends after 1 lines"])
  }

  /// Seconds since 1970 of "it is 2026-11-22T17:00:00Z" or "it is 1795366800 seconds after 1970".
  private static func time(in line: String) -> Int? {
    guard let text = line.split(separator: " ").dropFirst(2).first.map(String.init) else { return nil }
    if let seconds = Int(text) { return seconds }
    let fields = text.split { "-:TZ".contains($0) }.compactMap { Int32($0) }
    guard text.last == "Z", fields.count == 6 else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (fields[0] - 1900, fields[1] - 1, fields[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (fields[3], fields[4], fields[5])
    return timegm(&parts)
  }
}

extension AppEvent {
  fileprivate var keyValueRequest: WireKeyValueRequest? {
    if case .keyValue(let request) = self { request } else { nil }
  }
}

extension WireKeyValueAnswer {
  fileprivate static func answer(to request: WireKeyValueRequest, value: [UInt8] = []) -> WireKeyValueAnswer {
    var answer = WireKeyValueAnswer()
    answer.id = request.id
    answer.value.append(contentsOf: value)
    return answer
  }
}

extension AppLogLine.Level {
  fileprivate static func >= (left: Self, right: Self) -> Bool { left.rawValue >= right.rawValue }
}
