import TestSupport
import Testing
import Wasmtime

@Suite(.seated) struct HostFunctionTests {
  @Test func importIsCalledWithItsArguments() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      """
      (module (import "host" "f" (func $f (param i32 i64) (result i64)))
        (func (export "run") (result i64) (call $f (i32.const -7) (i64.const 35))))
      """, in: engine)
    let linker = Linker(engine: engine)
    try linker.define(module: "host", name: "f", type: FunctionType([.i32, .i64], [.i64])) { call in
      .i64(call.i64(1) - Int64(call.i32(0)))
    }
    let run = try #require(linker.instantiate(module, in: makeStore(engine)).function(named: "run"))
    #expect(try run() == [.i64(42)])
  }

  @Test func missingImportIsNamed() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(#"(module (import "host" "absent" (func)))"#, in: engine)
    do {
      _ = try Linker(engine: engine).instantiate(module, in: makeStore(engine))
      Issue.record("instantiated")
    } catch {
      guard case .failed(let failure) = error else { throw error }
      #expect(failure.kind == .linking)
      #expect(failure.message.contains("absent"))
    }
  }

  @Test func theSameNameTwiceIsRefused() throws {
    let linker = try Linker(engine: makeEngine())
    try linker.define(module: "host", name: "f", type: FunctionType([], [])) { _ in nil }
    #expect(throws: WasmtimeError.self) {
      try linker.define(module: "host", name: "f", type: FunctionType([], [])) { _ in nil }
    }
  }

  @Test func bodiesAreReleasedWithLinkerAndStore() async throws {
    final class Token {}
    weak var released: Token?
    let engine = try makeEngine()
    let module = try await makeModule(#"(module (import "host" "f" (func $f)) (start $f))"#, in: engine)
    do {
      let token = Token()
      released = token
      let linker = Linker(engine: engine)
      try linker.define(module: "host", name: "f", type: FunctionType([], [])) { _ in
        _ = token
        return nil
      }
      _ = try linker.instantiate(module, in: makeStore(engine))
    }
    #expect(released == nil)
  }

  @Test func hostCanEndTheAppWithATrap() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      #"(module (import "host" "f" (func $f)) (func (export "run") (call $f)))"#, in: engine)
    let linker = Linker(engine: engine)
    try linker.define(module: "host", name: "f", type: FunctionType([], [])) { _ throws(HostTrap) in
      throw HostTrap("the reason")
    }
    let run = try #require(linker.instantiate(module, in: makeStore(engine)).function(named: "run"))
    let trap = try #require(trap { _ = try run() })
    #expect(trap.code == .host)
    #expect(trap.message == "the reason")
    #expect(trap.frames.count == 1)
  }

  @Test func memoryIsCheckedAtItsEdges() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      """
      (module (import "host" "read" (func $read (param i32 i32) (result i32)))
        (import "host" "write" (func $write (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 8) "hello")
        (export "read" (func $read)) (export "write" (func $write))
        (func (export "r") (param i32 i32) (result i32) (call $read (local.get 0) (local.get 1)))
        (func (export "w") (param i32 i32) (result i32) (call $write (local.get 0) (local.get 1))))
      """, in: engine)
    let linker = Linker(engine: engine)
    let type = FunctionType([.i32, .i32], [.i32])
    try linker.define(module: "host", name: "read", type: type) { call in
      .i32(call.read(at: call.i32(0), count: call.i32(1)).map { $0.reduce(0) { $0 + Int32($1) } } ?? -21)
    }
    try linker.define(module: "host", name: "write", type: type) { call in
      .i32(call.write([UInt8](repeating: 7, count: Int(max(0, call.i32(1)))), at: call.i32(0)) ? 0 : -21)
    }
    let instance = try linker.instantiate(module, in: makeStore(engine))
    let read = try #require(instance.function(named: "r"))
    let write = try #require(instance.function(named: "w"))
    #expect(try read(.i32(8), .i32(5)) == [.i32(532)])
    for (pointer, count, inside) in [
      (0, 65_536, true), (65_536, 0, true), (65_535, 1, true), (65_535, 2, false), (65_537, 0, false),
      (0, 65_537, false),
      (-1, 1, false), (-1, 0, false), (0, -1, false), (1, -1, false), (Int32.max, Int32.max, false), (-1, -1, false),
      (-65_536, 65_536, false),
    ] as [(Int32, Int32, Bool)] {
      let result = try read(.i32(pointer), .i32(count))
      #expect((result != [.i32(-21)]) == inside, "read \(pointer) \(count)")
      if count >= 0 {
        let result = try write(.i32(pointer), .i32(min(count, 1 << 20)))
        #expect((result == [.i32(0)]) == inside, "write \(pointer) \(count)")
      }
    }
    #expect(instance.read(at: 65_535, count: 1) == [7])
    #expect(instance.read(at: 65_535, count: 2) == nil)
    #expect(instance.write([1, 2], at: 65_534))
    #expect(!instance.write([1, 2], at: 65_535))
  }

  @Test func anAppWithoutMemoryHasNoValidPointer() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      #"(module (import "host" "f" (func $f (result i32))) (func (export "memory")) (func (export "run") (result i32) (call $f)))"#,
      in: engine)
    let linker = Linker(engine: engine)
    try linker.define(module: "host", name: "f", type: FunctionType([], [.i32])) { call in
      .i32(call.read(at: 0, count: 0) == nil ? 1 : 0)
    }
    let run = try #require(linker.instantiate(module, in: makeStore(engine)).function(named: "run"))
    #expect(try run() == [.i32(1)])
  }
}
