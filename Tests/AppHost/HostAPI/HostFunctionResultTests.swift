import AppSupervision
import Foundation
import TestApps
import TestSupport
import Testing

@testable import AppLink

/// What each host function answers, seen from an app in a real process. One app makes all calls of a table and
/// publishes their results.
@Suite(.seated, .timeLimit(.minutes(10))) struct HostFunctionResultTests {
  /// Calls, as text, and the results they must have; i64 results are wrapped by the caller.
  private func results(
    _ calls: [String], configuration: [String: String] = [:], limits: AppLimits = .standard,
    board: TestBoard = TestBoard()
  ) async throws -> [Int32] {
    let stores = calls.enumerated().map { index, call in "\(Self.store(call, at: 4096 + index * 4))" }
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: """
          \(stores.joined(separator: "\n"))
          (drop (call $publish (i32.const 48) (i32.const 7) (i32.const 4096) (i32.const \(calls.count * 4)) (i32.const 1)))
          (i32.const 0)
          """, more: #"(data (i32.const 48) "results") (data (i32.const 64) "/key#+\c3\28")"#),
      configuration: configuration, limits: limits, board: board)
    var history = AppHistory()
    let payload = try await history.read(app) { event in
      event.publication.flatMap { $0.topic == "results" ? $0.payload : nil }
    }
    await app.stop(grace: .seconds(10))
    return stride(from: 0, to: payload.count, by: 4).map { offset in
      (0..<4).reduce(0) { $0 | Int32(payload[offset + $1]) << ($1 * 8) }
    }
  }

  /// A call may be preceded by others whose results nobody wants.
  private static func store(_ call: String, at address: Int) -> String {
    guard call.hasPrefix("(drop"), let last = call.range(of: "(call", options: .backwards) else {
      return "(i32.store (i32.const \(address)) \(call))"
    }
    return call[..<last.lowerBound] + "(i32.store (i32.const \(address)) \(call[last.lowerBound...]))"
  }

  private func check(
    _ expectations: [(String, Int32)], configuration: [String: String] = [:], limits: AppLimits = .standard,
    board: TestBoard = TestBoard()
  ) async throws {
    let results = try await results(
      expectations.map(\.0), configuration: configuration, limits: limits, board: board)
    #expect(results.count == expectations.count)
    for (result, (call, expected)) in zip(results, expectations) {
      #expect(result == expected, "\(call)")
    }
  }

  @Test func pointersOutsideMemoryAreFaults() async throws {
    let (end, negative) = ("(i32.const 65536)", "(i32.const -1)")
    let (one, zero) = ("(i32.const 1)", "(i32.const 0)")
    try await check(
      [
        ("(call $log \(one) \(end) \(one))", -21), ("(call $log \(one) \(negative) \(one))", -21),
        ("(call $log \(one) \(one) \(negative))", -21), ("(call $log \(one) \(end) \(zero))", 0),
        ("(call $log \(one) (i32.const 65535) (i32.const 2))", -21),
        ("(call $publish \(end) \(one) \(zero) \(zero) \(zero))", -21),
        ("(call $publish (i32.const 32) (i32.const 5) \(negative) \(one) \(zero))", -21),
        ("(call $config_get \(negative) \(one) \(zero) \(zero))", -21),
        ("(call $config_get (i32.const 32) (i32.const 5) (i32.const 65530) (i32.const 7))", -21),
        ("(call $config_get (i32.const 16) (i32.const 5) (i32.const 65530) (i32.const 7))", -21),
        ("(call $device_id (i32.const 65521))", -21), ("(call $device_id \(negative))", -21),
        ("(call $random (i32.const 65535) (i32.const 2))", -21), ("(call $random \(zero) \(negative))", -21),
        ("(call $mem_info (i32.const 65521))", -21), ("(call $mem_info \(negative))", -21),
        ("(call $kv_get \(end) \(one) \(zero) \(zero))", -21),
        ("(call $kv_get (i32.const 16) (i32.const 5) (i32.const 65535) (i32.const 2))", -21),
        ("(call $kv_set \(negative) \(one) \(zero) \(zero))", -21),
        ("(call $kv_set (i32.const 16) (i32.const 5) \(end) \(one))", -21),
        ("(call $kv_delete (i32.const 65530) (i32.const 7))", -21),
        ("(call $kv_next \(negative) \(one) \(zero) \(zero))", -21),
        ("(call $kv_next \(zero) \(zero) (i32.const 65530) (i32.const 7))", -21),
        ("(call $subscribe (i32.const 65530) (i32.const 7))", -21),
        ("(call $msg_read \(one) \(zero) (i32.const 65530) (i32.const 7))", -21),
        ("(call $gpio_open (i32.const 65535) (i32.const 2) \(zero))", -21),
        ("(call $sensor_open \(negative) \(one))", -21),
        ("(call $sensor_read (call $sensor_open (i32.const 96) (i32.const 11)) \(zero) (i32.const 65521))", -21),
      ], configuration: ["topic": "value"])
  }

  @Test func valuesOutOfRangeAreInvalid() async throws {
    try await check(
      [
        ("(call $log (i32.const 4) (i32.const 16) (i32.const 5))", -28),
        ("(call $log (i32.const -1) (i32.const 16) (i32.const 5))", -28),
        ("(i32.wrap_i64 (call $clock_ns (i32.const 2)))", -28),
        ("(i32.wrap_i64 (call $clock_res_ns (i32.const -1)))", -28),
        ("(call $timer_start (i64.const -1) (i64.const 0))", -28),
        ("(call $timer_start (i64.const 0) (i64.const 99999))", -28),
        ("(call $timer_start (i64.const 0) (i64.const -1))", -28),
        ("(call $timer_start (i64.const 9223372036854775807) (i64.const 0))", -28),
        ("(call $timer_stop (i32.const 0))", -8), ("(call $timer_stop (i32.const 77))", -8),
        // The topic is empty, begins with "/", has a wildcard, is not UTF-8, is too long.
        ("(call $publish (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 64) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 65) (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 69) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 70) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 16) (i32.const 257) (i32.const 0) (i32.const 0) (i32.const 1))", -28),
        ("(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 3))", -28),
        ("(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const -1))", -28),
        ("(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 501) (i32.const 1))", -28),
        ("(call $random (i32.const 0) (i32.const 65537))", -21),
        ("(call $sleep_ns (i64.const -1))", -28), ("(call $sleep_ns (i64.const 9223372036854775807))", -28),
        ("(call $watchdog_arm (i64.const 999999))", -28), ("(call $watchdog_arm (i64.const -1))", -28),
        ("(call $watchdog_arm (i64.const 86400000000001))", -28),
        // The filter is empty, begins with "/", has a wildcard among other letters, is not UTF-8, is too long.
        ("(call $subscribe (i32.const 32) (i32.const 0))", -28),
        ("(call $subscribe (i32.const 64) (i32.const 4))", -28),
        ("(call $subscribe (i32.const 65) (i32.const 4))", -28),
        ("(call $subscribe (i32.const 70) (i32.const 2))", -28),
        ("(call $subscribe (i32.const 16) (i32.const 257))", -28),
        ("(call $kv_get (i32.const 16) (i32.const 129) (i32.const 0) (i32.const 0))", -28),
        ("(call $kv_set (i32.const 16) (i32.const 129) (i32.const 0) (i32.const 0))", -28),
        ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const 2))", -28),
        ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const -1))", -28),
        ("(call $sensor_read (call $sensor_open (i32.const 96) (i32.const 11)) (i32.const 1) (i32.const 0))", -28),
        ("(call $sensor_read (call $sensor_open (i32.const 96) (i32.const 11)) (i32.const -1) (i32.const 0))", -28),
      ], limits: AppLimits(publishPayloadBytes: 500))
  }

  @Test func buffersAreFilledOnlyIfAllFits() async throws {
    try await check(
      [
        ("(call $config_get (i32.const 32) (i32.const 5) (i32.const 1000) (i32.const 4))", 5),
        ("(i32.load (i32.const 1000))", 0),
        ("(call $config_get (i32.const 32) (i32.const 5) (i32.const 1000) (i32.const 5))", 5),
        ("(i32.load (i32.const 1000))", 0x756c_6176),
        ("(call $config_get (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0))", 5),
        ("(call $config_get (i32.const 16) (i32.const 5) (i32.const 1000) (i32.const 100))", -44),
        ("(call $device_id (i32.const 1100))", 16),
        ("(i32.load (i32.const 1112))", 0x100f_0e0d),
      ], configuration: ["topic": "value"])
  }

  @Test func clocksAndRandomWork() async throws {
    try await check([
      ("(i64.gt_u (call $clock_ns (i32.const 0)) (i64.const 1700000000000000000))", 1),
      ("(i64.gt_s (call $clock_ns (i32.const 1)) (i64.const 0))", 1),
      ("(i64.le_s (call $clock_ns (i32.const 1)) (call $clock_ns (i32.const 1)))", 1),
      ("(i64.gt_s (call $clock_res_ns (i32.const 0)) (i64.const 0))", 1),
      ("(call $random (i32.const 2000) (i32.const 16))", 0),
      // All zero once in 2^64 times.
      ("(i64.ne (i64.load (i32.const 2000)) (i64.const 0))", 1),
      ("(call $random (i32.const 2100) (i32.const 0))", 0),
    ])
  }

  @Test func tablesAndQueuesAreBounded() async throws {
    let publish = "(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1))"
    let timer = "(call $timer_start (i64.const 3600000000000) (i64.const 0))"
    // The publication of the results takes the third place.
    let results = try await results(
      [publish, publish, timer, timer, timer, "(call $timer_stop (i32.const 1))", timer],
      limits: AppLimits(publishQueue: 3, timers: 2))
    #expect(results == [1, 2, 1, 2, -51, 0, 3])
    let full = try await self.results([publish, "(call $log (i32.const 1) (i32.const 16) (i32.const 5))"])
    #expect(full == [1, 0])
  }

  @Test func handlesThatAreNoneAreBad() async throws {
    try await check([
      ("(call $unsubscribe (i32.const 1))", -8),
      ("(call $msg_read (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))", -8),
      ("(call $gpio_get (i32.const 1))", -8), ("(call $gpio_set (i32.const 0) (i32.const 1))", -8),
      ("(call $gpio_watch (i32.const -1) (i32.const 1))", -8),
      ("(call $sensor_read (i32.const 1) (i32.const 0) (i32.const 0))", -8),
    ])
  }

  @Test func namesThatAreNotGrantedAreNotCapable() async throws {
    let publish = "(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1))"
    try await check(
      [
        ("(call $gpio_open (i32.const 16) (i32.const 5) (i32.const 0))", -76),
        ("(call $sensor_open (i32.const 16) (i32.const 5))", -76), (publish, -76),
        ("(call $subscribe (i32.const 32) (i32.const 5))", -76), ("(call $subscribe (i32.const 112) (i32.const 3))", 1),
      ], board: TestBoard(topics: ["results", "a/#"]))
  }

  @Test func pinsAreOpenedReadAndSet() async throws {
    try await check([
      ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1))", 1),
      ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1))", 1),
      // Open already, otherwise.
      ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const 0))", -28),
      ("(call $gpio_open (i32.const 88) (i32.const 6) (i32.const 1))", -2),
      ("(call $gpio_open (i32.const 88) (i32.const 6) (i32.const 0))", 2),
      ("(call $gpio_get (i32.const 1))", 0), ("(call $gpio_set (i32.const 1) (i32.const 1))", 0),
      ("(call $gpio_get (i32.const 1))", 1), ("(call $gpio_set (i32.const 1) (i32.const 2))", -28),
      ("(call $gpio_set (i32.const 2) (i32.const 1))", -2), ("(call $gpio_watch (i32.const 1) (i32.const 1))", -2),
      ("(call $gpio_watch (i32.const 2) (i32.const 3))", 0), ("(call $gpio_watch (i32.const 2) (i32.const 4))", -28),
      ("(call $gpio_watch (i32.const 2) (i32.const 0))", 0),
    ])
  }

  @Test func aChipThatIsNotThereFailsTheOpenedPin() async throws {
    let pins = [
      PinGrant(name: "led", isOutput: true, source: .line(chip: "/dev/absent", offset: 1, isActiveLow: false))
    ]
    // Before it is the app's turn a level is only remembered.
    try await check(
      [
        ("(call $gpio_open (i32.const 80) (i32.const 3) (i32.const 1))", 1),
        ("(call $gpio_set (i32.const 1) (i32.const 1))", 0), ("(call $gpio_get (i32.const 1))", 1),
      ], board: TestBoard(pins: pins))
  }

  @Test func sensorsAreRead() async throws {
    try await check(
      [
        ("(call $sensor_open (i32.const 96) (i32.const 11))", 1),
        ("(call $sensor_open (i32.const 96) (i32.const 11))", 1),
        ("(call $sensor_read (i32.const 1) (i32.const 0) (i32.const 1000))", 0), ("(i32.load (i32.const 1000))", 21),
        ("(call $sensor_read (i32.const 1) (i32.const 1) (i32.const 1000))", 0), ("(i32.load (i32.const 1000))", -7),
        ("(i32.load (i32.const 1004))", -1),
        ("(i64.le_s (i64.load (i32.const 1008)) (call $clock_ns (i32.const 1)))", 1),
        ("(i64.gt_s (i64.load (i32.const 1008)) (i64.const 0))", 1),
        ("(call $sensor_read (i32.const 1) (i32.const 2) (i32.const 1000))", -29),
      ],
      board: TestBoard(
        sensors: [
          SensorGrant(
            name: "temperature",
            channels: [
              .constant(microUnits: 21), .constant(microUnits: -7),
              .industrialInput(IndustrialInput(devicePath: "/absent", channel: "in_temp", microUnitsPerUnit: 1)),
            ])
        ]))
  }

  @Test func memoryAndResetReasonAreTold() async throws {
    try await check(
      [
        ("(call $mem_info (i32.const 1000))", 0), ("(i32.load (i32.const 1000))", 65_536),
        ("(i32.load (i32.const 1008))", 1 << 20),
        ("(drop (memory.grow (i32.const 1))) (call $mem_info (i32.const 1000))", 0),
        ("(i32.load (i32.const 1000))", 131_072), ("(call $reset_reason)", 5),
        // A pointer into what was added.
        ("(call $device_id (i32.const 131056))", 16), ("(call $device_id (i32.const 131057))", -21),
      ], limits: AppLimits(memoryBytes: 1 << 20), board: TestBoard(resetReason: .watchdog))
  }

  @Test func waitingIsForThoseThatMay() async throws {
    try await check([
      // In xtb_init an app may wait.
      ("(call $sleep_ns (i64.const 1000000))", 0), ("(call $poll (i64.const 0) (i32.const 1000))", -52),
      ("(call $watchdog_feed)", -52), ("(call $watchdog_arm (i64.const 1000000000))", 0), ("(call $watchdog_feed)", 0),
      ("(call $watchdog_arm (i64.const 0))", 0), ("(call $watchdog_feed)", -52),
    ])
  }

  @Test func subscriptionsAreBounded() async throws {
    let subscribe = "(call $subscribe (i32.const 32) (i32.const 5))"
    let results = try await results(
      Array(repeating: subscribe, count: 33) + ["(call $unsubscribe (i32.const 5))", subscribe])
    #expect(results == Array(1...32) + [-51, 0, 37])
  }

  @Test func aFullPublishQueueSaysAgain() async throws {
    let bed = try AppTestBed()
    let publish = "(call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 1))"
    let app = try await bed.launch(
      eventApp(initialize: "(drop \(publish)) (drop \(publish)) \(publish)"), limits: AppLimits(publishQueue: 2))
    var history = AppHistory()
    let ending = try await history.ending(of: app)
    #expect("\(ending)".contains("xtb_init returned -6 (AGAIN), not 0"), "\(ending)")
    #expect(history.events.count(where: { $0.publication != nil }) == 2)
  }
}
