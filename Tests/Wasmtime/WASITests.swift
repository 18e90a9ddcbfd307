import TestSupport
import Testing
import Wasmtime

@Suite(.seated) struct WASITests {
  /// Prints the second argument and the first environment entry, each from a buffer at 1024, to `descriptor`.
  static func printer(descriptor: Int) -> String {
    """
    (module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $print (param $at i32)
        (local $end i32)
        (local.set $end (local.get $at))
        (block $done (loop $next
          (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $next)))
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (i32.sub (local.get $end) (local.get $at)))
        (drop (call $write (i32.const \(descriptor)) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func (export "_start")
        (drop (call $args (i32.const 512) (i32.const 1024)))
        (call $print (i32.load (i32.const 516)))
        (drop (call $environ (i32.const 512) (i32.const 1024)))
        (call $print (i32.load (i32.const 512)))))
    """
  }

  @Test(arguments: [1, 2])
  func outputGoesWhereItIsSent(descriptor: Int) async throws {
    let engine = try makeEngine()
    let module = try await makeModule(Self.printer(descriptor: descriptor), in: engine)
    var outputs: [[UInt8]] = [[], [], []]
    let store = makeStore(engine)
    try store.setWASI(
      WASIConfiguration(
        arguments: ["app", "grüß"], environment: ["A": "1", "B": "2"], standardOutput: { outputs[1] += $0 },
        standardError: { outputs[2] += $0 }))
    let linker = Linker(engine: engine)
    try linker.defineWASI()
    let start = try #require(linker.instantiate(module, in: store).function(named: "_start"))
    #expect(try start() == [])
    #expect(String(decoding: outputs[descriptor], as: UTF8.self) == "grüßA=1")
    #expect(outputs[3 - descriptor].isEmpty)
  }

  @Test(arguments: [0, 7, 125] as [Int32])
  func exitStatusIsTold(status: Int32) async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      """
      (module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.const \(status))) (unreachable)))
      """, in: engine)
    let store = makeStore(engine)
    try store.setWASI(WASIConfiguration(arguments: [], standardOutput: { _ in }, standardError: { _ in }))
    let linker = Linker(engine: engine)
    try linker.defineWASI()
    let start = try #require(linker.instantiate(module, in: store).function(named: "_start"))
    #expect(throws: WasmtimeCallFailure.exit(status: status)) { try start() }
  }
}
