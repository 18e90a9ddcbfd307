import Synchronization
import Testing
import Wasmtime

@Suite struct DeadlineTests {
  @Test func epochEndsAnEndlessLoop() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(#"(module (func $spin (export "run") (loop $l (br $l))))"#, in: engine)
    let run = try #require(Linker(engine: engine).instantiate(module, in: makeStore(engine)).function(named: "run"))
    let ended = await ticking(engine) { trap { _ = try run() } }
    #expect(ended?.code == .interrupt)
    #expect(ended?.frames.count == 1)
  }

  @Test func epochEndsAnEndlessStartFunction() async throws {
    let engine = try makeEngine()
    let module = try await makeModule("(module (func $spin (loop $l (br $l))) (start $spin))", in: engine)
    let ended = await ticking(engine) {
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

  /// Runs `body` on this thread while another increments the epoch as fast as it can.
  private func ticking(_ engine: Engine, _ body: () -> Trap?) async -> Trap? {
    let isOver = Mutex(false)
    let ticker = Task.detached {
      while !isOver.withLock({ $0 }) {
        engine.incrementEpoch()
        await Task.yield()
      }
    }
    let trap = body()
    isOver.withLock { $0 = true }
    await ticker.value
    return trap
  }
}
