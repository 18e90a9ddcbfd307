import DeviceRuntimeCore
import FirmwareImage
import Glibc
import TestSupport
import Testing

/// The example apps, built by their own script and run as a device runs them.
@Suite(.timeLimit(.minutes(4))) struct ExampleAppTests {
  private func build(_ name: String, version: String) async throws -> [UInt8] {
    let top = packageDirectory()
    let script = try ChildProcess("\(top)/Examples/build", ["--version", version, name])
    #expect(try await script.waitForExit(within: .seconds(180)) == .exited(0), "\(script.output)")
    let file = try #require(fopen("\(top)/.build-examples/\(name)-\(version).wasm", "re"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16 << 20)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
  }

  @Test(arguments: ["sensor-c", "sensor-swift"])
  func sensorsReadLogAndPublish(name: String) async throws {
    let bed = try AppTestBed()
    let wasm = try await build(name, version: "9.8.7-test")
    #expect(try HostAPI.objection(to: WebAssemblyModule.interface(of: wasm)) == nil)
    let app = try await bed.launch(wasm, configuration: ["period_ms": "20"])
    var history = AppHistory()
    let expected = [
      #"{"temperature":18.00,"unit":"C","reading":1,"app":"\#(name)","version":"9.8.7-test"}"#,
      #"{"temperature":18.50,"unit":"C","reading":2,"app":"\#(name)","version":"9.8.7-test"}"#,
      #"{"temperature":19.00,"unit":"C","reading":3,"app":"\#(name)","version":"9.8.7-test"}"#,
    ]
    for json in expected {
      let message = try await history.read(app) { $0.publication }
      #expect(message.topic == "temperature" && message.qos == 1)
      #expect(String(decoding: message.payload, as: UTF8.self) == json)
      await app.deliver(.published(id: message.id, reasonCode: 0))
    }
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(
      history.texts(.app).prefix(3) == [
        "\(name) 9.8.7-test starts: period_ms 20", "temperature 18.00 °C (reading 1)",
        "temperature 18.50 °C (reading 2)",
      ])
    #expect(history.events.count(where: { $0 == .healthConfirmed }) == 1)
  }

  /// Programs that know nothing of this device: they print, read the clock, arguments, environment and random numbers.
  @Test(arguments: [("hello-c", "C"), ("hello-rust", "Rust")])
  func anOrdinaryProgramRuns(name: String, language: String) async throws {
    let bed = try AppTestBed()
    let wasm = try await build(name, version: "9.8.7-test")
    #expect(try HostAPI.objection(to: WebAssemblyModule.interface(of: wasm)) == nil)
    let before = Glibc.time(nil)
    let app = try await bed.launch(
      wasm, arguments: ["first", "second ✓"], environment: ["HELLO_LINES": "1", "HELLO_NAME": "a name"])
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: 0))
    let lines = history.texts(.stdout)
    try #require(lines.count == 7, "\(lines)")
    #expect(
      lines[..<4] == [
        "\(name) 9.8.7-test starts as test", "argument 1: first", "argument 2: second ✓", "HELLO_NAME is a name",
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
