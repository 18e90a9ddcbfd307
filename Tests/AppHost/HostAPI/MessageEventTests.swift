import Foundation
import TestApps
import TestSupport
import Testing
import Wire

@testable import AppLink
@testable import AppSupervision
@testable import Foundations

/// Messages, stored values and pins, from the agent's side of an app in a real process.
@Suite(.seated, .timeLimit(.minutes(10))) struct MessageEventTests {
  /// Publishes each event as its kind, handle and arg, and what `msg_read` then gives of topic and payload.
  private static let echo = """
    (i32.store (i32.const 1000) (local.get $kind)) (i32.store (i32.const 1004) (local.get $handle))
    (i64.store (i32.const 1008) (local.get $arg))
    (i32.store (i32.const 1016) (call $msg_read (local.get $handle) (i32.const 0) (i32.const 1024) (i32.const 4)))
    (i32.store (i32.const 1020) (call $msg_read (local.get $handle) (i32.const 1) (i32.const 1028) (i32.const 4)))
    (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 1000) (i32.const 32) (i32.const 1)))
    (i32.const 0)
    """

  /// kind, handle, arg, and the two results of `msg_read`.
  private static func numbers(_ payload: [UInt8]) -> [Int32] {
    [0, 4, 8, 16, 20].map { offset in (0..<4).reduce(0) { $0 | Int32(payload[offset + $1]) << ($1 * 8) } }
  }

  private func nextEcho(_ app: any RunningApp, _ history: inout AppHistory) async throws -> [UInt8] {
    try await history.read(app) { event in event.publication.flatMap { $0.payload.count == 32 ? $0.payload : nil } }
  }

  @Test func subscriptionsAndMessagesAreEvents() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (drop (call $subscribe (i32.const 32) (i32.const 5))) (drop (call $subscribe (i32.const 112) (i32.const 3)))
          (i32.const 0)
          """, event: Self.echo))
    var history = AppHistory()
    let subscriptions = try await [
      history.read(app) { $0.subscription }, history.read(app) { $0.subscription },
    ]
    #expect(subscriptions.map(\.handle) == [1, 2] && subscriptions.map(\.filter) == ["topic", "a/+"])
    await app.deliver(.subscribed(handle: 1, reasonCode: 1))
    #expect(try await Self.numbers(nextEcho(app, &history)) == [4, 1, 0, -8, -8])
    await app.deliver(.subscribed(handle: 2, reasonCode: 0x87))
    #expect(try await Self.numbers(nextEcho(app, &history)) == [4, 2, 0x87, -8, -8])
    // The refused one is gone, so only one event comes of this; the topic does not fit, the payload does.
    await app.deliver(.message(handles: [2, 1], topic: "topic", payload: [9, 8, 7]))
    let message = try await nextEcho(app, &history)
    #expect(Self.numbers(message) == [3, 1, 3, 5, 3])
    #expect(message[24...] == [0, 0, 0, 0, 9, 8, 7, 0])
    await app.deliver(.message(handles: [1], topic: "abcd", payload: []))
    let second = try await nextEcho(app, &history)
    #expect(Self.numbers(second) == [3, 1, 0, 4, 0])
    #expect(Array(second[24..<28]) == Array("abcd".utf8))
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
  }

  @Test func nothingComesOfAnEndedSubscription() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: "(drop (call $subscribe (i32.const 32) (i32.const 5))) (i32.const 0)",
        event: """
          (drop (call $unsubscribe (i32.const 1)))
          \(Self.echo)
          """))
    var history = AppHistory()
    try await history.read(app) { $0.subscription }
    await app.deliver(.message(handles: [1], topic: "t", payload: [1]))
    #expect(try await Self.numbers(nextEcho(app, &history)).prefix(2) == [3, 1])
    #expect(try #require(history.events.compactMap(\.unsubscribed).last) == 1)
    await app.deliver(.message(handles: [1], topic: "t", payload: [2]))
    await app.deliver(.subscribed(handle: 1, reasonCode: 0))
    await app.stop(grace: .seconds(10))
    #expect(try await history.ending(of: app) == .stopped)
    #expect(history.events.count(where: { $0.publication != nil }) == 1)
  }

  @Test func messagesThatAnAppDoesNotReadAreDroppedAndTold() async throws {
    let bed = try AppTestBed()
    // Not activated, it takes none.
    let app = try await bed.launch(
      eventApp(
        initialize: "(drop (call $subscribe (i32.const 32) (i32.const 5))) (i32.const 0)", event: Self.echo),
      limits: AppLimits(publishQueue: 500), isActivated: false)
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    // In small lots, which the agent's side takes; the process holds 64.
    for _ in 0..<20 {
      for _ in 0..<10 { await app.deliver(.message(handles: [1], topic: "t", payload: [])) }
      // Sleeps: the pace of a peer that sends more than is read, and no more than the agent's side takes.
      try await Task.sleep(for: .milliseconds(5))
    }
    let note = try await history.read(app) { event in
      event.logText.flatMap { $0.contains("does not keep up") ? $0 : nil }
    }
    #expect(note.contains("1 dropped"))
    await app.activate()
    for _ in 0..<64 { _ = try await nextEcho(app, &history) }
    await app.stop(grace: .seconds(10))
  }

  @Test func storedValuesGoThroughTheAgent() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(
      eventApp(
        initialize: """
          (i32.store (i32.const 1000) (call $kv_set (i32.const 16) (i32.const 5) (i32.const 32) (i32.const 5)))
          (i32.store (i32.const 1004) (call $kv_get (i32.const 16) (i32.const 5) (i32.const 1016) (i32.const 3)))
          (i32.store (i32.const 1008) (call $kv_next (i32.const 0) (i32.const 0) (i32.const 1019) (i32.const 4)))
          (i32.store (i32.const 1012) (call $kv_delete (i32.const 16) (i32.const 5)))
          (drop (call $publish (i32.const 32) (i32.const 5) (i32.const 1000) (i32.const 32) (i32.const 1)))
          (i32.const 0)
          """))
    var history = AppHistory()
    var asked: [String] = []
    for answer in ["", "abc", "longer", "44"] {
      let request = try await history.read(app) { event in
        if case .keyValue(let request) = event { request } else { nil }
      }
      switch request.operation {
      case .set(let pair): asked.append("set \(text(pair.key)) \(text(pair.value))")
      case .get(let key): asked.append("get \(text(key))")
      case .next(let key): asked.append("next \(text(key))")
      case .delete(let key): asked.append("delete \(text(key))")
      case nil: asked.append("nothing")
      }
      var reply = WireKeyValueAnswer()
      // One that comes too late, of an earlier request, is nobody's.
      reply.id = request.id &- 1
      await app.deliver(.keyValue(reply))
      reply.id = request.id
      if let code = UInt32(answer) { reply.errno = code } else { reply.value = .init(Array(answer.utf8)) }
      await app.deliver(.keyValue(reply))
    }
    #expect(asked == ["set hello topic", "get hello", "next ", "delete hello"])
    let payload = try await nextEcho(app, &history)
    #expect(Array(payload[0..<16]) == [0, 0, 0, 0, 3, 0, 0, 0, 6, 0, 0, 0, 212, 255, 255, 255])
    #expect(Array(payload[16..<24]) == Array("abc".utf8) + [0, 0, 0, 0, 0])
    await app.stop(grace: .seconds(10))
  }

  /// The flash's time is not the app's.
  @Test func aSlowStorageIsNotTheAppsFault() async throws {
    let bed = try AppTestBed()
    let (timer, limits) = (
      "(drop (call $timer_start (i64.const 0) (i64.const 0))) (i32.const 0)",
      AppLimits(eventDeadline: .milliseconds(200))
    )
    let app = try await bed.launch(
      eventApp(
        initialize: timer,
        event: """
          (drop (call $kv_delete (i32.const 16) (i32.const 5))) (call $hello)
          (loop $spin (br $spin)) (i32.const 0)
          """), limits: limits)
    var history = AppHistory()
    let request = try await history.read(app) { event in
      if case .keyValue(let request) = event { request } else { nil }
    }
    // Another one that was started later is over the same deadline by now.
    let second = try AppTestBed()
    let later = try await second.launch(
      eventApp(initialize: timer, event: "(loop $spin (br $spin)) (i32.const 0)"), limits: limits)
    var other = AppHistory()
    guard case .deadlineExceeded("xtb_event", _) = try await other.ending(of: later) else {
      Issue.record("\(other.events)")
      return
    }
    var answer = WireKeyValueAnswer()
    answer.id = request.id
    await app.deliver(.keyValue(answer))
    // Its own time still counts.
    guard case .deadlineExceeded("xtb_event", _) = try await history.ending(of: app) else {
      Issue.record("\(history.events)")
      return
    }
    #expect(history.texts(.app) == ["hello"])
  }

  private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
}

extension AppEvent {
  var subscription: (handle: UInt32, filter: String)? {
    if case .subscribe(let handle, let filter) = self { (handle, filter) } else { nil }
  }

  var unsubscribed: UInt32? {
    if case .unsubscribe(let handle) = self { handle } else { nil }
  }

  var pinLevels: [PinLevel]? {
    if case .pins(let levels) = self { levels } else { nil }
  }
}
