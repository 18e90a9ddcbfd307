import Logging
import Messaging
import Synchronization
import TestSupport
import Testing
import Wire

@testable import NotifierServer
@testable import ServiceKit

@Suite(.seated, .timeLimit(.minutes(10))) struct BatchRecorderTests {
  /// A Registry that takes so many at once, and fails at some for good.
  private final class Registry: Sendable {
    struct State {
      var limit = Int.max
      var poisonous: Set<Int> = []
      var failure = WireFailure(.unavailable, reason: "database-unavailable", message: "too slow")
      var sizes: [Int] = []
      var attempts: [Int: Int] = [:]
      var isWell = true
    }

    let state = Mutex(State())

    func record(_ items: [Int]) throws -> [Int] {
      try state.withLock { state in
        state.sizes.append(items.count)
        for item in items { state.attempts[item, default: 0] += 1 }
        guard items.count <= state.limit, state.poisonous.isDisjoint(with: items) else { throw state.failure }
        return items
      }
    }
  }

  private func recorder(_ registry: Registry) -> BatchRecorder<Int, Int> {
    BatchRecorder(
      "item", plural: "items",
      pace: .init(batchItems: 64, retryInitialDelay: .milliseconds(1), retryMaximumDelay: .milliseconds(2)),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, describe: { "\($0)" },
      canStore: { registry.state.withLock(\.isWell) }
    ) { try registry.record($0) }
  }

  private func record(_ items: [Int], _ recorder: BatchRecorder<Int, Int>) async -> [Int] {
    let settled = Mutex<[Int]>([])
    await recorder.record(items) { answers in settled.withLock { $0 += answers.map(\.item) } }
    return settled.withLock { $0 }
  }

  @Test(arguments: [("report", "reports"), ("log", "logs"), ("crash", "crashes")])
  func itsMetricsAreDescribed(_ name: String, _ plural: String) {
    let described = Set(MetricCatalog.sections.flatMap(\.entries).map(\.name))
    let labels = BatchRecorder<Int, Int>.Labels(name, plural: plural)
    #expect(described.isSuperset(of: [labels.unreadable, labels.setAside, labels.retries]))
  }

  @Test func aBatchThatTakesTooLongIsHalvedAndGrowsAgain() async {
    let registry = Registry()
    registry.state.withLock { $0.limit = 10 }
    let recorder = recorder(registry)
    #expect(await record(Array(0..<64), recorder) == Array(0..<64))
    #expect(registry.state.withLock { Array($0.sizes.prefix(4)) } == [64, 32, 16, 8])
    registry.state.withLock { $0.limit = .max }
    for round in 1...8 { _ = await record(Array(0..<(64 * round)), recorder) }
    #expect(recorder.batchItems == 64)
  }

  /// Whether the Registry says what is wrong, or just can't: the others are stored, in their order.
  @Test(arguments: [
    WireFailure(.unavailable, reason: "database-unavailable", message: "too slow"),
    WireFailure(.internal, reason: "bug", message: "it broke"),
    WireFailure(.deadlineExceeded, reason: "deadline", message: "no answer"),
    WireFailure(.invalid, reason: "invalid", message: "not readable"),
  ])
  func whatFailsByItselfIsSetAside(failure: WireFailure) async {
    let registry = Registry()
    registry.state.withLock { state in
      state.poisonous = [17, 40]
      state.failure = failure
    }
    let expected = Array(0..<64).filter { $0 != 17 && $0 != 40 }
    #expect(await record(Array(0..<64), recorder(registry)) == expected)
    #expect(registry.state.withLock { $0.attempts[17] ?? 0 } < 20)
  }

  /// A database that is down answers each attempt with a failure: that is the fault of nothing that devices told.
  @Test(arguments: [
    WireFailure(.unavailable, reason: "database-unavailable", message: "down"),
    WireFailure(.deadlineExceeded, reason: "deadline", message: "no answer"),
  ])
  func whatFailsWhileNothingCanBeStoredWaits(failure: WireFailure) async {
    let registry = Registry()
    registry.state.withLock { state in
      state.limit = 0
      state.failure = failure
      state.isWell = false
    }
    async let recorded = record(Array(0..<64), recorder(registry))
    try? await eventually("many attempts at the first") { registry.state.withLock { $0.attempts[0] ?? 0 } > 100 }
    registry.state.withLock { state in
      state.limit = .max
      state.isWell = true
    }
    #expect(await recorded == Array(0..<64))
  }

  /// While nobody is there everything waits, whole.
  @Test func anOutageSetsNothingAside() async {
    let registry = Registry()
    registry.state.withLock { state in
      state.limit = 0
      state.failure = WireFailure(.unavailable, reason: "unreachable", message: "nobody there")
    }
    let recorder = recorder(registry)
    async let recorded = record(Array(0..<64), recorder)
    try? await eventually("many attempts") { registry.state.withLock { $0.sizes.count } > 50 }
    #expect(registry.state.withLock { Set($0.sizes) } == [64])
    registry.state.withLock { $0.limit = .max }
    #expect(await recorded == Array(0..<64))
  }
}
