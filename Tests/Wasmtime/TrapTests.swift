import TestSupport
import Testing
import Wasmtime

@Suite(.seated) struct TrapTests {
  @Test(arguments: [
    ("unreachable", Trap.Code.unreachable),
    ("(drop (i32.load (i32.const 65536)))", .memoryOutOfBounds),
    ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", .integerDivisionByZero),
    ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", .integerOverflow),
    ("(drop (i32.trunc_f32_s (f32.const nan)))", .badConversionToInteger),
    ("(call_indirect (i32.const 9))", .tableOutOfBounds),
    ("(call_indirect (i32.const 0))", .indirectCallToNull),
    ("(drop (call_indirect (result i32) (i32.const 1)))", .badSignature),
    ("(call $inner)", .stackOverflow),
  ])
  func hasItsCode(body: String, code: Trap.Code) async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      "(module (memory 1) (table 2 funcref) (elem (i32.const 1) func $inner) (func $inner \(body)) "
        + #"(func (export "run") (call $inner)))"#, in: engine)
    let instance = try Linker(engine: engine).instantiate(module, in: makeStore(engine))
    let run = try #require(instance.function(named: "run"))
    let trap = try #require(trap { _ = try run() })
    #expect(trap.code == code)
    #expect(!trap.message.isEmpty && !trap.message.contains("\n"))
    #expect(trap.frames.count >= 2 && trap.frames.count <= 20)
  }

  @Test func framesTellFunctionsAndOffsets() async throws {
    let engine = try makeEngine()
    let wasm = try await assemble(
      #"(module (func $inner (nop) (unreachable)) (func $outer (export "run") (call $inner)))"#,
      options: ["--debug-names"])
    let module = try Module(engine: engine, wasm: wasm)
    let run = try #require(
      Linker(engine: engine).instantiate(module, in: makeStore(engine)).function(named: "run"))
    let frames = try #require(trap { _ = try run() }).frames
    #expect(frames.map(\.functionIndex) == [0, 1])
    #expect(frames.map(\.functionName) == ["inner", "outer"])
    // The offsets point at the bytes of `unreachable` (0x00) and `call` (0x10).
    #expect(wasm[Int(frames[0].moduleOffset)] == 0x00)
    #expect(wasm[Int(frames[1].moduleOffset)] == 0x10)
    #expect(frames[0].functionOffset < frames[0].moduleOffset)
  }

  @Test func memoryStopsGrowingAtItsLimit() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      #"(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#, in: engine)
    let store = makeStore(engine, memoryBytes: 4 << 16)
    let grow = try #require(Linker(engine: engine).instantiate(module, in: store).function(named: "grow"))
    #expect(try grow(.i32(3)) == [.i32(1)])
    #expect(try grow(.i32(1)) == [.i32(-1)])
    #expect(try grow(.i32(0)) == [.i32(4)])
  }

  @Test func aModuleThatStartsAboveTheLimitIsNotInstantiated() async throws {
    let engine = try makeEngine()
    let module = try await makeModule("(module (memory 5))", in: engine)
    #expect(throws: WasmtimeCallFailure.self) {
      _ = try Linker(engine: engine).instantiate(module, in: makeStore(engine, memoryBytes: 4 << 16))
    }
  }
}
