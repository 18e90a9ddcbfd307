import TestApps
import TestSupport
import Testing

@testable import AppHost
@testable import AppLink
@testable import Foundations

/// What a developer is told beyond the engine's own words.
@Suite(.seated, .timeLimit(.minutes(10))) struct TrapAdviceTests {
  private static func ending(_ text: String, limits: AppLimits = .standard) async throws -> String {
    let bed = try AppTestBed()
    var history = AppHistory()
    return "\(try await history.ending(of: bed.launch(text, limits: limits)))"
  }

  /// A C function that keeps its arrays on the stack of C, which lies at the beginning of memory (`--stack-first`).
  @Test(arguments: [true, false]) func anOverflowOfCsStackIsCalledSo(reservesAddressSpace: Bool) async throws {
    let ending = try await Self.ending(
      eventApp(
        initialize: "(call $deep)",
        more: """
          (global $stack (mut i32) (i32.const 65536))
          (func $deep (result i32)
            (global.set $stack (i32.sub (global.get $stack) (i32.const 1024)))
            (i32.store (global.get $stack) (i32.const 1))
            (i32.add (call $deep) (i32.load (global.get $stack))))
          """), limits: AppLimits(reservesAddressSpace: reservesAddressSpace))
    #expect(ending.contains("memory-out-of-bounds") && ending.contains("overflow of the app's own stack"), "\(ending)")
    #expect(ending.contains("--stack-first") && ending.contains("stack-size"), "\(ending)")
  }

  @Test func aWildPointerIsNoOverflow() async throws {
    let ending = try await Self.ending(eventApp(initialize: "(i32.load (i32.const 0x700000))"))
    #expect(ending.contains("a pointer or an index is wrong") && !ending.contains("overflow"), "\(ending)")
  }

  @Test func aRecursionWithoutEndSaysHowMuchThereIs() async throws {
    let ending = try await Self.ending(
      eventApp(initialize: "(call $deep)", more: "(func $deep (result i32) (i32.add (call $deep) (call $deep)))"))
    #expect(
      ending.contains("stack-overflow") && ending.contains("512 KiB") && ending.contains("recursion"), "\(ending)")
  }

  @Test func aCallThatTakesTooLongIsNamedOnceWithItsLimit() async throws {
    let ending = try await Self.ending(
      eventApp(
        initialize: "(drop (call $timer_start (i64.const 0) (i64.const 0))) (i32.const 0)",
        event: "(loop $on (br $on)) (i32.const 0)"), limits: AppLimits(eventDeadline: .milliseconds(200)))
    #expect(
      ending.hasPrefix("took too long in xtb_event: it may take 200 ms (XTBLISH_DEVICE_APP_EVENT_MILLISECONDS)"),
      "\(ending)"
    )
    #expect(!ending.contains("in xtb_event in xtb_event"), "\(ending)")
  }

  @Test func addressesAreReadFromTheEnginesWords() {
    #expect(
      TrapAdvice.address(in: "memory fault at wasm address 0xfffffff0 in linear memory of size 0x20000") == 0xFFFF_FFF0)
    #expect(TrapAdvice.address(in: "wasm trap: out of bounds memory access") == nil)
    #expect(TrapAdvice.address(in: "address") == nil)
  }
}
