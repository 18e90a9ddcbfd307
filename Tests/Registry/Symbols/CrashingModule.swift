import Foundation
import Foundations
import TestSupport
import Wasmtime
import WebAssemblyModule

@testable import RegistryClient
@testable import RegistryDomain

/// A module that was built from source, its stripped copy, and how that one crashes on the engine that devices have.
struct CrashingModule {
  let debugPath: String
  let debug: [UInt8]
  let stripped: [UInt8]
  private let folder: TemporaryFolder

  /// Fails on its third line. A trap that is an instruction's own: the engine moves one that is a branch's target to
  /// the branch.
  static let c = """
    __attribute__((noinline)) static int divide(int a, int b) {
      int scaled = a * 3;
      return scaled / b;
    }

    __attribute__((always_inline)) static inline int inner(int x) {
      return divide(10, x);
    }
    __attribute__((noinline)) int middle(int x) {
      return inner(x) + 1;
    }
    int run(int x) { return middle(x) * 2; }
    """

  /// Fails on its third line, with an argument of 3 and more.
  static let rust = """
    #[inline(never)]
    fn pick(values: &[i32], index: usize) -> i32 {
        values[index]
    }

    #[no_mangle]
    pub extern "C" fn run(index: usize) -> i32 {
        pick(&[1, 2, 3], index) + 1
    }
    """

  /// Fails on its fourth line, with an argument of 3 and more.
  static let swift = """
    @inline(never)
    func check(_ value: Int32) -> Int32 {
      if value > 2 {
        fatalError()
      }
      return value &+ 1
    }

    @_expose(wasm, "run")
    @_cdecl("run")
    public func run(_ value: Int32) -> Int32 {
      check(value) &+ 1
    }
    """

  static func buildC(_ source: String = c, dwarf: Int) async throws -> CrashingModule {
    try await CrashingModule(source, as: "app.c") { folder in
      try await runProgram(
        toolchain("clang"),
        ["--target=wasm32", "-O1", "-g", "-gdwarf-\(dwarf)", "-nostdlib", "-c", "app.c", "-o", "app.o"],
        workingFolder: folder)
      try await link(folder)
    }
  }

  static func buildSwift() async throws -> CrashingModule {
    try await CrashingModule(swift, as: "app.swift") { folder in
      try await runProgram(
        toolchain("swiftc"),
        [
          "-target", "wasm32-unknown-none-wasm", "-swift-version", "6", "-parse-as-library", "-wmo", "-O", "-g",
          "-enable-experimental-feature", "Embedded", "-enable-experimental-feature", "Extern", "-Xfrontend",
          "-disable-stack-protector", "-module-name", "App", "app.swift", "-c", "-o", "app.o",
        ], workingFolder: folder)
      try await link(folder)
    }
  }

  static func buildRust() async throws -> CrashingModule {
    let linker = try await toolchain("wasm-ld")
    return try await CrashingModule(rust, as: "app.rs") { folder in
      try await runProgram(
        "/usr/bin/rustc",
        [
          "--edition", "2021", "--crate-type", "cdylib", "--target", "wasm32-unknown-unknown", "-C", "opt-level=1",
          "-C",
          "debuginfo=2", "-C", "panic=abort", "-C", "linker=\(linker)", "-C", "link-arg=--no-fatal-warnings", "-C",
          "link-arg=--build-id=sha1", "-o", "app.wasm", "app.rs",
        ], workingFolder: folder)
    }
  }

  private init(_ source: String, as name: String, build: (_ folder: String) async throws -> Void) async throws {
    folder = try TemporaryFolder("xtblish-symbols")
    try Data((source + "\n").utf8).write(to: URL(fileURLWithPath: folder.path(name)))
    try await build(folder.path)
    try await runProgram(
      Self.toolchain("llvm-objcopy"), ["--strip-all", folder.path("app.wasm"), folder.path("stripped.wasm")])
    debugPath = folder.path("app.wasm")
    debug = Array(try Data(contentsOf: URL(fileURLWithPath: debugPath)))
    stripped = Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("stripped.wasm"))))
  }

  private static func link(_ folder: String) async throws {
    try await runProgram(
      toolchain("wasm-ld"), ["--no-entry", "--export=run", "--build-id=sha1", "app.o", "-o", "app.wasm"],
      workingFolder: folder)
  }

  /// A tool of the Swift toolchain.
  static func toolchain(_ name: String) async throws -> String {
    let swift = try await runProgram("sh", ["-c", "readlink -f \"$(command -v swift)\""])
    let folder = swift[..<(swift.lastIndex(of: "/") ?? swift.startIndex)]
    return "\(folder)/\(name)"
  }

  /// The crash that a device reports which runs the module's stripped form.
  func crash(argument: Int32) throws -> CrashDocument {
    try EngineLibrary.load(path: "\(productsDirectory())/libwasmtime.so")
    let engine = try Engine(EngineConfiguration())
    let store = Store(engine: engine, limits: Store.Limits(memoryBytes: 16 << 20))
    store.setEpochDeadline(ticks: 1000)
    let module = try Module(engine: engine, wasm: stripped)
    guard let run = try Linker(engine: engine).instantiate(module, in: store).function(named: "run") else {
      throw TestFailure("the module does not export run")
    }
    do {
      _ = try run(.i32(argument))
      throw TestFailure("the module did not crash")
    } catch WasmtimeCallFailure.trap(let trap) {
      return CrashDocument(
        number: 1, device: "", appName: "app", appVersion: "1", version: 1, digest: "",
        buildID: Hexadecimal.encode(try WebAssemblyModule.interface(of: stripped).buildID), code: trap.code.name,
        message: trap.message, status: "trial", at: "", receivedAt: "", group: "",
        frames: trap.frames.map { frame in
          CrashDocument.Frame(
            functionIndex: frame.functionIndex, functionOffset: frame.functionOffset, moduleOffset: frame.moduleOffset,
            function: frame.functionName)
        })
    }
  }
}
