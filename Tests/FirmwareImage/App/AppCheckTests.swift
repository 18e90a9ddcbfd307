import DeviceProtocol
import Foundations
import TestSupport
import Testing
import WebAssemblyModule

/// Which modules are apps, and what is said of those that are none.
@Suite(.seated) struct AppCheckTests {
  private static let memory = #"(memory (export "memory") 1)"#
  private static let start = #"(func (export "_start"))"#

  static let apps: [(name: String, text: String)] = [
    ("a program", "(module \(memory) \(start))"),
    (
      "an app of events",
      """
      (module (import "xtb1" "log" (func (param i32 i32 i32) (result i32))) \(memory)
        (func (export "xtb_init") (result i32) (i32.const 0))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))
      """
    ),
    (
      "one that exports types that no host knows",
      #"(module \#(memory) \#(start) (func (export "f") (param v128)) (func (export "g") (param externref)))"#
    ),
    (
      "one whose exports differ by normalization alone",
      "(module \(memory) \(start) (func (export \"caf\\c3\\a9\")) (func (export \"cafe\\cc\\81\")))"
    ),
    ("one that exports its memory twice", #"(module \#(memory) (export "mem" (memory 0)) \#(start))"#),
    (
      "AssemblyScript's trace",
      #"(module (import "env" "trace" (func (param i32 i32 f64 f64 f64 f64 f64))) \#(memory) \#(start))"#
    ),
    (
      "data and elements up to the end, and some that are put there later",
      #"""
      (module \#(memory) \#(start) (table 3 funcref) (data (i32.const 65533) "abc") (data "later") (data (i32.const 8) "")
        (elem (i32.const 1) 0 0) (elem (table 0) (i32.const 2) func 0) (elem func 0 0 0 0) (elem declare func 0)
        (elem (table 0) (i32.const 0) funcref (ref.null func) (ref.func 0)))
      """#
    ),
    ("as much memory as is given", #"(module (memory (export "memory") 1024 65536) \#(start))"#),
  ]

  @Test(arguments: apps) func anAppIsTaken(name: String, text: String) async throws {
    let interface = try WebAssemblyModule.interface(of: await assemble(text))
    #expect(AppCheck.problem(in: interface) == nil, "\(name)")
    #expect(AppWarning.of(interface).isEmpty)
  }

  static let others: [(name: String, text: String, reason: String, words: [String])] = [
    ("nothing", "(module)", "no-entry-point", ["xtb_init", "_start"]),
    ("no memory", "(module \(start))", "no-memory", ["no memory"]),
    (
      "a memory of another name", #"(module (memory (export "mem") 1) \#(start))"#, "no-memory",
      ["\"memory\"", "\"mem\""]
    ),
    (
      "a function called memory", #"(module (memory 1) (func (export "memory")) \#(start))"#, "no-memory",
      ["\"memory\""]
    ),
    ("shared memory", #"(module (memory (export "memory") 1 2 shared) \#(start))"#, "memory-shared", ["threads"]),
    ("64-bit memory", #"(module (memory (export "memory") i64 1) \#(start))"#, "memory-64-bit", ["wasm32"]),
    ("two memories", #"(module \#(memory) (memory 1) \#(start))"#, "several-memories", ["2 memories"]),
    (
      "too large a memory", #"(module (memory (export "memory") 1025) \#(start))"#, "memory-too-large",
      ["67174400 bytes", "67108864", "XTBLISH_DEVICE_APP_MEMORY_BYTES", "XTBLISH_IMAGE_STORE_APP_MEMORY_BYTES"]
    ),
    (
      "data beyond the memory", #"(module \#(memory) \#(start) (data (i32.const 65530) "seventh"))"#,
      "segment-out-of-bounds", ["byte 65537", "65536 bytes", "--initial-memory"]
    ),
    (
      "data at a negative place, behind other data",
      #"(module \#(memory) \#(start) (data (i32.const 0) "a long one that is passed over") (data (i32.const -1) ""))"#,
      "segment-out-of-bounds", ["byte 4294967295"]
    ),
    (
      "elements beyond a table",
      "(module \(memory) \(start) (table 1 funcref) (table 2 funcref) (elem (table 1) (i32.const 1) func 0 0))",
      "segment-out-of-bounds", ["number 3", "has 2"]
    ),
    ("too large a table", "(module \(memory) \(start) (table 65537 funcref))", "table-too-large", ["65537", "65536"]),
    (
      "too many tables", "(module \(memory) \(start)" + String(repeating: "(table 1 funcref)", count: 17) + ")",
      "table-too-large", ["17 tables"]
    ),
    (
      "a start with a parameter", #"(module \#(memory) (func (export "_start") (param i32)))"#, "entry-point-type",
      ["_start", "(i32) -> ()", "() -> ()"]
    ),
    (
      "a start of references", #"(module \#(memory) (func (export "_start") (param externref v128)))"#,
      "entry-point-type", ["(reference, v128) -> ()"]
    ),
    (
      "an xtb_init that returns nothing",
      #"(module \#(memory) (func (export "xtb_init")) (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) (i32.const 0)))"#,
      "entry-point-type", ["xtb_init", "() -> i32"]
    ),
    (
      "an _initialize that is a global",
      #"(module \#(memory) \#(start) (global (export "_initialize") i32 (i32.const 0)))"#,
      "entry-point-type", ["_initialize", "global"]
    ),
    (
      "C without its library",
      #"(module (import "env" "printf" (func (param i32 i32) (result i32))) \#(memory) \#(start))"#,
      "host-import-unavailable", ["env.printf", "wasi-libc", #"import_module("xtb1")"#]
    ),
    (
      "a call of a later level", #"(module (import "xtb1" "fly" (func)) \#(memory) \#(start))"#,
      "host-import-unavailable", ["xtb1.fly", "host API level 1", "update the device's agent"]
    ),
    (
      "the component model's WASI", #"(module (import "wasi:cli/run@0.2.0" "run" (func)) \#(memory) \#(start))"#,
      "host-import-unavailable", ["preview 1"]
    ),
    (
      "an imported memory", #"(module (import "env" "memory" (memory 1)) \#(start))"#, "host-import-unavailable",
      ["--import-memory"]
    ),
    (
      "log with another type", #"(module (import "xtb1" "log" (func (param i64))) \#(memory) \#(start))"#,
      "host-import-type", ["xtb1.log", "(i64) -> ()", "(i32, i32, i32) -> i32"]
    ),
    (
      "log with a vector",
      #"(module (import "xtb1" "log" (func (param v128 i32 i32) (result i32))) \#(memory) \#(start))"#,
      "host-import-type", ["(v128, i32, i32) -> i32"]
    ),
    (
      "WASI with another type",
      #"(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32))) \#(memory) \#(start))"#,
      "host-import-type", ["fd_write"]
    ),
  ]

  @Test(arguments: others)
  func whatIsNoneSaysWhyAndWhatToDo(name: String, text: String, reason: String, words: [String]) async throws {
    let options = ["--enable-threads", "--enable-memory64", "--enable-multi-memory"]
    let interface = try WebAssemblyModule.interface(of: await assemble(text, options: options))
    let problem = try #require(AppCheck.problem(in: interface), "\(name)")
    #expect(problem.reason == reason, "\(name)")
    for word in words { #expect(problem.description.contains(word), "\(name): \(problem)") }
  }

  @Test func limitsAreTheCallers() async throws {
    let interface = try WebAssemblyModule.interface(
      of: await assemble(#"(module (memory (export "memory") 1025) \#(Self.start))"#))
    #expect(AppCheck.problem(in: interface, limits: .init(memoryBytes: 128 << 20)) == nil)
  }

  /// Types of the garbage collector, of exceptions and of continuations stand before the one that counts.
  @Test func typesOfEveryKindAreRead() throws {
    let types: [[UInt8]] = [
      [0x5E, 0x78, 0x01],  // (array (mut i8))
      [0x4E, 2, 0x50, 0, 0x5F, 2, 0x64, 1, 0, 0x7F, 1, 0x4F, 1, 0, 0x5F, 0],  // (rec (sub (struct …)) (sub final 0 …))
      [0x60, 3, 0x63, 0x6E, 0x69, 0x7B, 1, 0x64, 0x00],  // references of both forms, v128
      [0x60, 0, 0],
    ]
    let interface = try WebAssemblyModule.interface(of: app(types: types, start: 4))
    #expect(AppCheck.problem(in: interface) == nil)
    #expect(
      interface.types.function(at: 3)
        == WebAssemblyFunctionType([.reference, .reference, .v128], [.reference]))
    #expect(interface.types.function(at: 0) == nil && interface.types.function(at: 9) == nil)
    // Of a form that nobody knows yet, the engine has to say what it is.
    let unknown = try WebAssemblyModule.interface(of: app(types: [[0x5D, 0], [0x60, 0, 0]], start: 1))
    #expect(AppCheck.problem(in: unknown)?.reason == "entry-point-type")
  }

  /// Imports that share their module's name, in both compact forms.
  @Test func compactImportsAreRead() throws {
    let imports: [[UInt8]] = [
      wasmName("xtb1") + wasmName("") + [0x7F, 2] + wasmName("health_confirm") + [0, 1] + wasmName("watchdog_feed") + [
        0, 1,
      ],
      wasmName("xtb1") + wasmName("") + [0x7E, 0, 1, 2] + wasmName("reset_reason") + wasmName("fly"),
    ]
    let module =
      wasmPreamble + wasmSection(1, [2, 0x60, 0, 0, 0x60, 0, 1, 0x7F])
      + wasmSection(2, leb128(imports.count) + imports.flatMap { $0 })
    let found = try WebAssemblyModule.interface(of: module).imports
    #expect(found.map(\.name) == ["health_confirm", "watchdog_feed", "reset_reason", "fly"])
    #expect(found.allSatisfy { $0.module == "xtb1" && $0.typeIndex == 1 && $0.kind == .function })
  }

  private func app(types: [[UInt8]], start: UInt8) -> [UInt8] {
    wasmPreamble + wasmSection(1, leb128(types.count) + types.flatMap { $0 }) + wasmSection(3, [1, start])
      + wasmSection(5, [1, 0, 1])
      + wasmSection(7, [2] + wasmName("memory") + [2, 0] + wasmName("_start") + [0, 0])
      + wasmSection(10, [1, 2, 0, 0x0B])
  }

  /// What LLVM's linker makes of an app with constructors that is linked as a command.
  @Test func constructorsAtEachCallAreNoticed() async throws {
    func text(_ initialize: String, _ event: String) -> String {
      """
      (module \(Self.memory) (func $constructors) (func $destructors) (func $init (result i32) (i32.const 0))
        (func $event (param i32 i32 i64 i64) (result i32) (i32.const 0))
        (func (export "xtb_init") (result i32) \(initialize))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) \(event)))
      """
    }
    let parameters = "(local.get 0) (local.get 1) (local.get 2) (local.get 3)"
    let wrapped = [
      text("call $constructors call $init", "call $constructors (call $event \(parameters))"),
      text(
        "call $constructors call $init call $destructors",
        "call $constructors (call $event \(parameters)) call $destructors"),
    ]
    for text in wrapped {
      let interface = try WebAssemblyModule.interface(of: await assemble(text))
      #expect(AppWarning.of(interface) == [.constructsAtEachCall])
      #expect(AppCheck.problem(in: interface) == nil)
    }
    let others = [
      text("call $init", "(call $event \(parameters))"),
      text("call $constructors call $init", "(call $event \(parameters))"),
      text("call $constructors call $init", "call $destructors (call $event \(parameters))"),
    ]
    for text in others {
      #expect(AppWarning.of(try WebAssemblyModule.interface(of: await assemble(text))).isEmpty)
    }
    #expect("\(AppWarning.constructsAtEachCall)".contains("-mexec-model=reactor"))
  }
}
