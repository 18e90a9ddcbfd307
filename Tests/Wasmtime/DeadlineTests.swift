import Dispatch
import Synchronization
import TestSupport
import Testing
import Wasmtime

@Suite(.seated, .timeLimit(.minutes(10))) struct DeadlineTests {
  @Test func epochEndsAnEndlessLoop() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(#"(module (func $spin (export "run") (loop $l (br $l))))"#, in: engine)
    let run = try #require(Linker(engine: engine).instantiate(module, in: makeStore(engine)).function(named: "run"))
    let ended = ticking(engine) { trap { _ = try run() } }
    #expect(ended?.code == .interrupt)
    #expect(ended?.frames.count == 1)
  }

  @Test func epochEndsAnEndlessStartFunction() async throws {
    let engine = try makeEngine()
    let module = try await makeModule("(module (func $spin (loop $l (br $l))) (start $spin))", in: engine)
    let ended = ticking(engine) {
      trap { _ = try Linker(engine: engine).instantiate(module, in: makeStore(engine)) }
    }
    #expect(ended?.code == .interrupt)
  }

  @Test func aNewDeadlineGivesNewTime() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(#"(module (func (export "run")))"#, in: engine)
    let store = makeStore(engine)
    let run = try #require(Linker(engine: engine).instantiate(module, in: store).function(named: "run"))
    store.setEpochDeadline(ticks: 1)
    engine.incrementEpoch()
    #expect(trap { _ = try run() }?.code == .interrupt)
    store.setEpochDeadline(ticks: 1)
    #expect(try run() == [])
  }

  /// Runs `body` on this thread while another increments the epoch as fast as it can. Not a task: the threads of
  /// tasks may all be in endless loops of other tests.
  private func ticking(_ engine: Engine, _ body: () -> Trap?) -> Trap? {
    let ticker = Ticker(engine: engine)
    let group = DispatchGroup()
    DispatchQueue(label: "ticker").async(group: group) { ticker.run() }
    let trap = body()
    ticker.stop()
    group.wait()
    return trap
  }
}

private final class Ticker: Sendable {
  private let engine: Engine
  private let isOver = Atomic(false)

  init(engine: Engine) {
    self.engine = engine
  }

  func run() {
    while !isOver.load(ordering: .relaxed) { engine.incrementEpoch() }
  }

  func stop() {
    isOver.store(true, ordering: .relaxed)
  }
}
