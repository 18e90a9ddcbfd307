import AppLink
import AppSupervision
import TestApps
import TestSupport
import Testing

/// A call of the host API that is refused is told once, though the app never looks at the result.
@Suite(.seated, .timeLimit(.minutes(10))) struct RefusalTests {
  private static func notes(_ initialize: String, board: TestBoard = TestBoard()) async throws -> [String] {
    let bed = try AppTestBed()
    let app = try await bed.launch(eventApp(initialize: initialize + "(i32.const 0)"), board: board)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    await app.stop(grace: .seconds(10))
    _ = try await history.ending(of: app)
    #expect(history.lines.allSatisfy { $0.source != .host || $0.level == .warning })
    return history.texts(.host)
  }

  @Test func aPinThatIsNotThereIsTold() async throws {
    // "hello" is no pin.
    let open = "(drop (call $gpio_open (i32.const 16) (i32.const 5) (i32.const 1)))"
    let notes = try await Self.notes(open + open + open)
    #expect(
      notes == [
        "gpio_open gave -76 (NOTCAPABLE): this device has no pin \"hello\"; it has button, led: use one of these, or add "
          + "it to the device's board.json (told once)"
      ])
  }

  @Test func aTopicThatIsNotGrantedIsTold() async throws {
    var board = TestBoard()
    board.topics = ["sensors/#"]
    let notes = try await Self.notes(
      "(drop (call $publish (i32.const 32) (i32.const 5) (i32.const 16) (i32.const 5) (i32.const 0)))", board: board)
    #expect(notes.count == 1 && notes[0].contains("publish gave -76 (NOTCAPABLE)"), "\(notes)")
    #expect(notes[0].contains("\"topic\"") && notes[0].contains("sensors/#") && notes[0].contains("board.json"))
  }

  @Test func limitsAndWaysOutAreNamed() async throws {
    let notes = try await Self.notes(
      """
      (drop (call $gpio_set (call $gpio_open (i32.const 88) (i32.const 6) (i32.const 0)) (i32.const 1)))
      (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 65537) (i32.const 0)))
      (drop (call $kv_set (i32.const 16) (i32.const 129) (i32.const 0) (i32.const 0)))
      (drop (call $timer_start (i64.const 0) (i64.const 5)))
      (drop (call $poll (i64.const 0) (i32.const 0)))
      (drop (call $watchdog_feed))
      (drop (call $sensor_open (i32.const 16) (i32.const 5)))
      """)
    let expected = [
      "gpio_set gave -2 (ACCES): pin \"button\" was opened to be read", "publish gave -21 (FAULT)",
      "kv_set gave -28 (INVAL): the key has 129 bytes, at most 128", "timer_start gave -28 (INVAL): first_ns",
      "poll gave -52 (NOSYS): this app gets its events by xtb_event",
      "watchdog_feed gave -52 (NOSYS): the watchdog is not armed",
      "sensor_open gave -76 (NOTCAPABLE): this device has no sensor \"hello\"; it has temperature",
    ]
    #expect(notes.count == expected.count, "\(notes)")
    for (note, words) in zip(notes, expected) { #expect(note.contains(words), "\(note)") }
  }

  @Test func whatEventsGiveIsToldOnceForEachResult() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: "(drop (call $timer_start (i64.const 0) (i64.const 1000000))) (i32.const 0)",
        event: """
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (if (i32.eq (global.get $count) (i32.const 20)) (then (drop (call $health_confirm))))
          (select (i32.const 5) (i32.const -28) (i32.rem_u (global.get $count) (i32.const 2)))
          """, more: "(global $count (mut i32) (i32.const 0))"))
    var history = AppHistory()
    try await history.read(app) { $0 == .healthConfirmed ? true : nil }
    await app.stop(grace: .seconds(10))
    _ = try await history.ending(of: app)
    #expect(
      history.texts(.host).sorted() == [
        "xtb_event returned -28 (INVAL), not 0, for an event of kind 1 (timer): A value is out of range; the app goes on "
          + "(told once)",
        "xtb_event returned 5, not 0, for an event of kind 1 (timer): what that means is the app's own; it returns 0 when "
          + "it has dealt with the event; the app goes on (told once)",
      ])
  }

  @Test func aLineThatIsNotTheAppsOwnAndAHandleThatIsNotOpenAreTold() async throws {
    let notes = try await Self.notes(
      """
      (drop (call $log (i32.const 1) (i32.const 0x7fffff00) (i32.const 100)))
      (drop (call $log (i32.const 9) (i32.const 0) (i32.const 1)))
      (drop (call $gpio_set (i32.const 99) (i32.const 1)))
      """)
    let expected = [
      "log gave -21 (FAULT): A pointer", "log gave -28 (INVAL)",
      "gpio_set gave -8 (BADF): nothing is open by the handle that it was given: pass what the call that opened it",
    ]
    #expect(notes.count == expected.count, "\(notes)")
    for (note, words) in zip(notes, expected) { #expect(note.contains(words), "\(note)") }
  }

  /// That there is nothing of a name is an answer, not a refusal; and a program that tries everything is not endless.
  @Test func answersAndFloodsAreNotTold() async throws {
    let notes = try await Self.notes(
      """
      (local $i i32)
      (drop (call $config_get (i32.const 16) (i32.const 5) (i32.const 0) (i32.const 0)))
      (loop $more
        (i32.store8 (i32.const 16) (i32.add (i32.const 97) (i32.rem_u (local.get $i) (i32.const 26))))
        (drop (call $gpio_open (i32.const 16) (i32.const 5) (i32.const 1)))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      """)
    #expect(notes.count == 4 && notes.allSatisfy { $0.hasPrefix("gpio_open gave -76") }, "\(notes)")
  }
}
