import AppLink
import TestSupport
import Testing

/// `poll_oneoff`, with which what ordinary toolchains make waits.
@Suite(.seated, .timeLimit(.minutes(10))) struct WASIPollTests {
  /// Subscriptions of 48 bytes from 1024 on, events of 32 bytes from 2048 on, their number at 3072.
  private static func program(_ body: String) -> String {
    """
    (module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
      (import "xtb1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
      (import "xtb1" "clock_ns" (func $now (param i32) (result i64)))
      (memory (export "memory") 1)
      (data (i32.const 16) "topic")
      (global $began (mut i64) (i64.const 0))
      (func $tell (param i32 i32) (drop (call $publish (i32.const 16) (i32.const 5) (local.get 0) (local.get 1) (i32.const 1))))
      ;; Number, tag, descriptor or clock, time, flags.
      (func $subscribe (param $n i32) (param $tag i32) (param $id i32) (param $time i64) (param $flags i32)
        (local $at i32)
        (local.set $at (i32.add (i32.const 1024) (i32.mul (local.get $n) (i32.const 48))))
        (i64.store (local.get $at) (i64.add (i64.const 0x1000) (i64.extend_i32_u (local.get $n))))
        (i32.store8 offset=8 (local.get $at) (local.get $tag)) (i32.store offset=16 (local.get $at) (local.get $id))
        (i64.store offset=24 (local.get $at) (local.get $time))
        (i32.store16 offset=40 (local.get $at) (local.get $flags)))
      (func $wait (param $count i32) (result i32)
        (call $poll (i32.const 1024) (i32.const 2048) (local.get $count) (i32.const 3072)))
      (func (export "_start") \(body)))
    """
  }

  private func published(_ body: String) async throws -> [UInt8] {
    let bed = try AppTestBed()
    let app = try await bed.launch(Self.program(body))
    var history = AppHistory()
    let payload = try await history.read(app) { $0.publication }.payload
    #expect(try await history.ending(of: app) == .exited(code: 0))
    return payload
  }

  private func numbers(_ bytes: [UInt8]) -> [Int64] {
    stride(from: 0, to: bytes.count, by: 8).map { offset in
      (0..<8).reduce(0) { $0 | Int64(bytes[offset + $1]) << ($1 * 8) }
    }
  }

  @Test func theFirstClockEndsTheWait() async throws {
    let payload = try await published(
      """
      (call $subscribe (i32.const 0) (i32.const 0) (i32.const 1) (i64.const 3600000000000) (i32.const 0))
      (call $subscribe (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 20000000) (i32.const 0))
      (global.set $began (call $now (i32.const 1)))
      (i64.store (i32.const 3080) (i64.extend_i32_s (call $wait (i32.const 2))))
      (i64.store (i32.const 3088) (i64.sub (call $now (i32.const 1)) (global.get $began)))
      (i64.store (i32.const 3096) (i64.load (i32.const 2048))) (i64.store (i32.const 3104) (i64.load (i32.const 2056)))
      (call $tell (i32.const 3072) (i32.const 40))
      """)
    let results = numbers(payload)
    #expect(results[0] == 1 && results[1] == 0 && results[3] == 0x1001 && results[4] == 0)
    #expect(results[2] >= 20_000_000 && results[2] < 60_000_000_000)
  }

  /// Of 50 waits of 200 µs the shortest is about that long; the engine's own take more than a millisecond each.
  @Test func shortWaitsAreShort() async throws {
    let payload = try await published(
      """
      (local $count i32) (local $took i64) (local $best i64)
      (local.set $best (i64.const 9223372036854775807))
      (loop $again
        (call $subscribe (i32.const 0) (i32.const 0) (i32.const 1) (i64.const 200000) (i32.const 0))
        (global.set $began (call $now (i32.const 1)))
        (drop (call $wait (i32.const 1)))
        (local.set $took (i64.sub (call $now (i32.const 1)) (global.get $began)))
        (if (i64.lt_u (local.get $took) (local.get $best)) (then (local.set $best (local.get $took))))
        (br_if $again (i32.lt_u (local.tee $count (i32.add (local.get $count) (i32.const 1))) (i32.const 50))))
      (i64.store (i32.const 3080) (local.get $best))
      (call $tell (i32.const 3080) (i32.const 8))
      """)
    let best = numbers(payload)[0]
    #expect(best >= 200_000 && best < 1_000_000)
  }

  @Test func absoluteTimesAreOfTheirClock() async throws {
    let payload = try await published(
      """
      (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 0)))
      (call $subscribe (i32.const 0) (i32.const 0) (i32.const 0)
        (i64.add (i64.load (i32.const 0)) (i64.const 20000000)) (i32.const 1))
      (global.set $began (call $now (i32.const 1)))
      (drop (call $wait (i32.const 1)))
      (i64.store (i32.const 3080) (i64.sub (call $now (i32.const 1)) (global.get $began)))
      (call $subscribe (i32.const 0) (i32.const 0) (i32.const 1)
        (i64.add (call $now (i32.const 1)) (i64.const 20000000)) (i32.const 1))
      (global.set $began (call $now (i32.const 1)))
      (drop (call $wait (i32.const 1)))
      (i64.store (i32.const 3088) (i64.sub (call $now (i32.const 1)) (global.get $began)))
      ;; Long ago.
      (call $subscribe (i32.const 0) (i32.const 0) (i32.const 1) (i64.const 1) (i32.const 1))
      (i64.store (i32.const 3096) (i64.extend_i32_s (call $wait (i32.const 1))))
      (call $tell (i32.const 3080) (i32.const 24))
      """)
    let results = numbers(payload)
    #expect((15_000_000..<60_000_000_000).contains(results[0]) && (15_000_000..<60_000_000_000).contains(results[1]))
    #expect(results[2] == 0)
  }

  @Test func descriptorsAreReadyOrNone() async throws {
    let payload = try await published(
      """
      (call $subscribe (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0) (i32.const 0))
      (call $subscribe (i32.const 1) (i32.const 2) (i32.const 1) (i64.const 0) (i32.const 0))
      (call $subscribe (i32.const 2) (i32.const 2) (i32.const 7) (i64.const 0) (i32.const 0))
      (call $subscribe (i32.const 3) (i32.const 0) (i32.const 9) (i64.const 0) (i32.const 0))
      (call $subscribe (i32.const 4) (i32.const 0) (i32.const 1) (i64.const 3600000000000) (i32.const 0))
      (drop (call $wait (i32.const 5)))
      (call $tell (i32.const 2048) (i32.const 160))
      """)
    let events = (0..<5).map { Array(payload[$0 * 32..<$0 * 32 + 32]) }
    #expect(events.map { $0[8] } == [0, 0, 8, 28, 0])
    #expect(events.map { $0[10] } == [1, 2, 2, 0, 0])
    // Standard input is at its end.
    #expect(events.map { $0[24] } == [1, 0, 0, 0, 0])
    #expect(events.map { $0[0] } == [0, 1, 2, 3, 0] && events[4].allSatisfy { $0 == 0 })
  }

  @Test func whatCantBeIsAnError() async throws {
    let payload = try await published(
      """
      (i64.store (i32.const 3080) (i64.extend_i32_s (call $wait (i32.const 0))))
      (i64.store (i32.const 3088) (i64.extend_i32_s (call $wait (i32.const 1025))))
      (i64.store (i32.const 3096)
        (i64.extend_i32_s (call $poll (i32.const 65500) (i32.const 2048) (i32.const 1) (i32.const 3072))))
      (i64.store (i32.const 3104)
        (i64.extend_i32_s (call $poll (i32.const 1024) (i32.const 65520) (i32.const 1) (i32.const 3072))))
      (i64.store (i32.const 3112)
        (i64.extend_i32_s (call $poll (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const -1))))
      (call $tell (i32.const 3080) (i32.const 40))
      """)
    #expect(numbers(payload) == [28, 28, 21, 21, 21])
  }
}
